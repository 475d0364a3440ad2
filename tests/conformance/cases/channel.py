"""Channels. All of them lead to the sink."""

from .common import NOWHERE, new_app

TOKEN = {"BundleId": "com.example", "TeamId": "TEAM123456", "TokenKeyId": "KEY1234567", "TokenKey": "a secret"}
WRONG = {"Enabled": "perhaps"}
# Word in operations, its shapes, channel type, a request, members that come back, a bad request and what it names.
CHANNELS = [
    ("Adm", "ADM", "ADM", {"ClientId": "i", "ClientSecret": "a secret"}, (), {"ClientId": "i"}, "ClientSecret"),
    ("Apns", "APNS", "APNS", TOKEN, (), {"TokenKey": "alone"}, "missing"),
    ("ApnsSandbox", "APNSSandbox", "APNS_SANDBOX", TOKEN, (), {"TokenKey": "alone"}, "missing"),
    ("ApnsVoip", "APNSVoip", "APNS_VOIP", TOKEN, (), {"Certificate": "alone"}, "missing"),
    ("ApnsVoipSandbox", "APNSVoipSandbox", "APNS_VOIP_SANDBOX", TOKEN, (), WRONG, "Enabled"),
    ("Baidu", "Baidu", "BAIDU", {"ApiKey": "k", "SecretKey": "a secret"}, (), {"ApiKey": "k"}, "SecretKey"),
    (
        "Email", "Email", "EMAIL", {"FromAddress": "news@example.com", "Identity": "arn:aws:ses:us-east-1:1:identity/e"},
        ("FromAddress", "Identity"), {"FromAddress": "nobody", "Identity": "i"}, "FromAddress",
    ),
    ("Gcm", "GCM", "GCM", {"ServiceJson": "a secret", "DefaultAuthenticationMethod": "TOKEN"}, (),
     {"DefaultAuthenticationMethod": "LUCK"}, "DefaultAuthenticationMethod"),
    ("Sms", "SMS", "SMS", {"SenderId": "SHOP", "ShortCode": "12345"}, ("SenderId", "ShortCode"), WRONG, "Enabled"),
    ("Voice", "Voice", "VOICE", {}, (), WRONG, "Enabled"),
]


def channel(word, shape, kind, request, shown, wrong, fragment):
    def case(run):
        app = new_app(run, f"channel {kind}")
        member = f"{shape}ChannelRequest"
        here = {"ApplicationId": app}
        run.missing(f"Get{word}Channel", **here)
        run.missing(f"Delete{word}Channel", **here)
        made = run.happy(f"Update{word}Channel", **here, **{member: {**request, "Enabled": True}})
        run.equal((made["ApplicationId"], made["Platform"], made["Enabled"]), (app, kind, True), "the channel")
        run.equal({name: made[name] for name in shown}, {name: request[name] for name in shown}, "what comes back")
        # Never the secrets.
        run.check("a secret" not in str(made), str(made))
        if "a secret" in request.values():
            run.equal(made["HasCredential"], True, "HasCredential")
        run.equal(run.happy(f"Get{word}Channel", **here), made, f"Get{word}Channel")
        run.equal(list(run.happy("GetChannels", **here)["Channels"]), [kind], "GetChannels")
        off = run.happy(f"Update{word}Channel", **here, **{member: {**request, "Enabled": False}})
        run.equal((off["Enabled"], off["Version"] > made["Version"]), (False, True), "switched off")
        run.bad(f"Update{word}Channel", fragment, **here, **{member: wrong})
        for operation, more in ((f"Get{word}Channel", {}), (f"Delete{word}Channel", {}),
                                (f"Update{word}Channel", {member: request})):
            run.missing(operation, ApplicationId=NOWHERE, **more)
        run.equal(run.happy(f"Delete{word}Channel", **here)["Platform"], kind, f"Delete{word}Channel")
        run.missing(f"Get{word}Channel", **here)

    case.__name__ = f"channel_{kind.lower()}"
    return case


def none(run):
    run.equal(run.happy("GetChannels", ApplicationId=new_app(run, "no channels"))["Channels"], {}, "GetChannels")
    run.missing("GetChannels", ApplicationId=NOWHERE)


CASES = [channel(*row) for row in CHANNELS] + [none]
