"""Message templates of all kinds, with versions."""

# Kind in paths, words in operations, member of the request, a request, a change, a bad request and what it names.
COLOUR = "#FF0000"
CONTENT = {
    "BackgroundColor": "#FFFFFF",
    "HeaderConfig": {"Alignment": "CENTER", "Header": "Hello", "TextColor": COLOUR},
    "BodyConfig": {"Alignment": "LEFT", "Body": "World", "TextColor": COLOUR},
    "PrimaryBtn": {"DefaultConfig": {"ButtonAction": "LINK", "Link": "https://example.com", "Text": "Go"}},
}
KINDS = [
    (
        "EMAIL", "Email", "EmailTemplateRequest",
        {"Subject": "Hello {{User.UserAttributes.FirstName}}", "HtmlPart": "<p>Hi</p>", "TextPart": "Hi",
         "DefaultSubstitutions": '{"User.UserAttributes.FirstName":"friend"}'},
        {"Subject": "Other"},
        ({"Subject": "x" * 600_001}, "Subject"), ({"DefaultSubstitutions": "no JSON"}, "DefaultSubstitutions"),
    ),
    (
        "SMS", "Sms", "SMSTemplateRequest",
        {"Body": "Hi {{Attributes.Name}}", "DefaultSubstitutions": '{"Attributes.Name":"you"}'},
        {"Body": "Other"},
        ({"Body": "x" * 1_601}, "Body"), ({"Body": "{{#if}"}, "Body"),
    ),
    (
        "PUSH", "Push", "PushNotificationTemplateRequest",
        {"Default": {"Action": "OPEN_APP", "Title": "Hi", "Body": "There"}, "GCM": {"Title": "G", "Body": "CM"}},
        {"Default": {"Title": "Other", "Body": "One"}},
        ({"Default": {"Action": "DANCE"}}, "Default.Action"), ({"Default": {"Body": "{{#if}"}}, "Default"),
    ),
    (
        "VOICE", "Voice", "VoiceTemplateRequest",
        {"Body": "Hello there", "LanguageCode": "en-US", "VoiceId": "Joanna"},
        {"Body": "Other"},
        ({"Body": "x" * 10_001}, "Body"), ({"Body": "{{#if}"}, "Body"),
    ),
    (
        "INAPP", "InApp", "InAppTemplateRequest",
        {"Layout": "TOP_BANNER", "Content": [CONTENT], "CustomConfig": {"k": "v"}},
        {"Layout": "CAROUSEL", "Content": [CONTENT, CONTENT]},
        ({"Layout": "SIDEWAYS"}, "Layout"), ({"Content": [CONTENT] * 6}, "Content"),
    ),
]


def template(kind, word, member, request, change, *bad):
    def case(run):
        name = f"hello-{run.name}_{kind}"
        here = {"TemplateName": name}
        request_tagged = {**request, "TemplateDescription": "for tests", "tags": {"a": "1"}}
        made = run.happy(f"Create{word}Template", **here, **{member: request_tagged})
        run.check(made["Arn"].endswith(f":templates/{name}/{kind}"), made["Arn"])
        found = run.happy(f"Get{word}Template", **here)
        run.equal({key: found[key] for key in request}, request, "the template")
        run.equal((found["TemplateType"], found["Version"], found["tags"]), (kind, "1", {"a": "1"}), "the rest")
        # Names are given once.
        run.bad(f"Create{word}Template", "", **here, **{member: request})

        # The latest version is written over, unless a new one is asked for; a new one is not active by itself.
        run.happy(f"Update{word}Template", **here, Version="1", **{member: request})
        run.happy(f"Update{word}Template", **here, CreateNewVersion=True, **{member: change})
        run.equal(run.happy(f"Get{word}Template", **here)["Version"], "1", "the active version")
        second = run.happy(f"Get{word}Template", **here, Version="2")
        run.equal({key: second[key] for key in change}, change, "version 2")
        run.bad(f"Update{word}Template", "", **here, Version="1", **{member: change})
        run.happy(f"Update{word}Template", **here, CreateNewVersion=True, **{member: request})
        kept = {"TemplateName": name, "TemplateType": kind}
        run.pages("ListTemplateVersions", ["1", "2", "3"], identify=lambda item: item["Version"], **kept)
        run.happy("UpdateTemplateActiveVersion", **kept, TemplateActiveVersionRequest={"Version": "2"})
        run.equal(run.happy(f"Get{word}Template", **here)["Version"], "2", "the active version")
        run.happy("UpdateTemplateActiveVersion", **kept, TemplateActiveVersionRequest={"Version": "latest"})
        run.equal(run.happy(f"Get{word}Template", **here)["Version"], "3", "the active version")

        for wrong, fragment in bad:
            run.bad(f"Create{word}Template", fragment, TemplateName="wrong", **{member: wrong})
            run.bad(f"Update{word}Template", fragment, **here, **{member: wrong})
        run.bad(f"Create{word}Template", "template-name", TemplateName="-", **{member: request})
        # The active version stays.
        run.bad(f"Delete{word}Template", "", **here, Version="3")
        active = {"TemplateActiveVersionRequest": {"Version": "99"}}
        run.missing("UpdateTemplateActiveVersion", **kept, **active)
        run.missing("UpdateTemplateActiveVersion", TemplateName="nobody", TemplateType=kind, **active)
        run.missing("ListTemplateVersions", TemplateName="nobody", TemplateType=kind)
        run.missing(f"Get{word}Template", TemplateName="nobody")
        run.missing(f"Get{word}Template", **here, Version="99")
        run.missing(f"Update{word}Template", TemplateName="nobody", **{member: request})
        run.missing(f"Delete{word}Template", TemplateName="nobody")

        run.happy(f"Delete{word}Template", **here, Version="1")
        run.missing(f"Get{word}Template", **here, Version="1")
        run.happy(f"Delete{word}Template", **here)
        run.missing(f"Get{word}Template", **here)

    case.__name__ = f"template_{kind.lower()}"
    return case


def lists(run):
    names = [f"list-{run.name}-{n}" for n in range(3)]
    for name in names:
        run.happy("CreateSmsTemplate", TemplateName=name, SMSTemplateRequest={"Body": "Hi"})
    run.happy("CreateVoiceTemplate", TemplateName=names[0], VoiceTemplateRequest={"Body": "Hi"})

    def identify(item):
        return item["TemplateName"], item["TemplateType"]

    sms = [(name, "SMS") for name in names]
    prefix = f"list-{run.name}"
    run.pages("ListTemplates", [*sms, (names[0], "VOICE")], identify, Prefix=prefix)
    run.pages("ListTemplates", sms, identify, Prefix=prefix, TemplateType="SMS")
    run.equal(run.happy("ListTemplates", Prefix=f"{prefix}-nothing")["Item"], [], "no such name")
    run.bad("ListTemplates", "", TemplateType="FAX")
    run.bad("ListTemplateVersions", "", TemplateName=names[0], TemplateType="FAX")
    wrong = {"TemplateActiveVersionRequest": {"Version": "first"}}
    run.bad("UpdateTemplateActiveVersion", "Version", TemplateName=names[0], TemplateType="SMS", **wrong)


CASES = [template(*kind) for kind in KINDS] + [lists]
