"""Direct messages, one-time passwords, phone numbers."""

import json
import pathlib
import re

from .common import NOWHERE, new_app, put_endpoint


def sunk(run, address):
    """What the sink took for an address."""
    lines = (pathlib.Path(run.files) / "sink.jsonl").read_text().splitlines()
    return [message for message in map(json.loads, lines) if address in json.dumps(message)]


def channels(run, app):
    run.happy("UpdateGcmChannel", ApplicationId=app, GCMChannelRequest={"ServiceJson": "x", "Enabled": True})
    run.happy("UpdateSmsChannel", ApplicationId=app, SMSChannelRequest={"Enabled": True})


def direct(run):
    app = new_app(run, "direct")
    channels(run, app)
    put_endpoint(run, app, "e1", Address=f"direct-{run.name}", User={"UserId": "u"}, OptOut="ALL")
    number = "+4915112345678"
    request = {
        "Addresses": {number: {"ChannelType": "SMS", "Substitutions": {"name": ["Anna"]}}},
        "Endpoints": {"e1": {"BodyOverride": "Only for you"}, "nobody": {}},
        "MessageConfiguration": {
            "DefaultMessage": {"Body": "Hello {{name}}", "Substitutions": {"name": ["you"]}},
            "GCMMessage": {"Title": "T", "Body": "B", "Priority": "high"},
        },
        "TraceId": "t",
    }
    answer = run.happy("SendMessages", ApplicationId=app, MessageRequest=request)
    run.equal((answer["ApplicationId"], list(answer["Result"])), (app, [number]), "SendMessages")
    for found in (answer["Result"][number], answer["EndpointResult"]["e1"]):
        run.equal((found["DeliveryStatus"], found["StatusCode"]), ("SUCCESSFUL", 200), "the delivery")
    run.failed("SendMessages", answer["EndpointResult"]["nobody"], "PERMANENT_FAILURE", 404)
    (message,) = sunk(run, f"direct-{run.name}")
    run.check("Only for you" in json.dumps(message), str(message))

    def bad(fragment, **members):
        run.bad("SendMessages", fragment, ApplicationId=app, MessageRequest={**request, **members})

    bad("ChannelType", Addresses={number: {"ChannelType": "PIGEON"}})
    bad("", Addresses={f"+49151{n:08}": {"ChannelType": "SMS"} for n in range(101)})
    run.bad("SendMessages", "MessageConfiguration", ApplicationId=app, MessageRequest={"Addresses": request["Addresses"]})
    run.missing("SendMessages", ApplicationId=NOWHERE, MessageRequest=request)

    bad("TimeToLive", MessageConfiguration={"GCMMessage": {"Body": "b", "TimeToLive": 2_419_201}})
    bad("MD5", MessageConfiguration={"ADMMessage": {"Body": "b", "MD5": "x"}})
    bad("Headers", MessageConfiguration={"EmailMessage": {"SimpleEmail": {
        "Subject": {"Data": "s"}, "Headers": [{"Name": "a b", "Value": "v"}],
    }}})

    wanted = {"Users": {"u": {}}, "MessageConfiguration": request["MessageConfiguration"]}
    answer = run.happy("SendUsersMessages", ApplicationId=app, SendUsersMessageRequest=wanted)
    run.equal(answer["Result"]["u"]["e1"]["DeliveryStatus"], "SUCCESSFUL", "SendUsersMessages")
    broken = {**wanted, "Users": {"u": {"BodyOverride": "{{#if}}"}}}
    answer = run.happy("SendUsersMessages", ApplicationId=app, SendUsersMessageRequest=broken)
    run.failed("SendUsersMessages", answer["Result"]["u"]["e1"], "PERMANENT_FAILURE", 400)
    run.bad("SendUsersMessages", "MessageConfiguration", ApplicationId=app, SendUsersMessageRequest={"Users": {"u": {}}})
    many = {**wanted, "Users": {str(n): {} for n in range(101)}}
    run.bad("SendUsersMessages", "", ApplicationId=app, SendUsersMessageRequest=many)
    run.missing("SendUsersMessages", ApplicationId=NOWHERE, SendUsersMessageRequest=wanted)
    run.missing("SendUsersMessages", ApplicationId=app, SendUsersMessageRequest={**wanted, "Users": {"nobody": {}}})


def one_time_passwords(run):
    app = new_app(run, "otp")
    channels(run, app)
    # A number gets one message a second, whoever asks for it.
    number = f"+49151{sum(map(ord, run.name)):08}"
    request = {
        "BrandName": f"Shop {run.name}",
        "Channel": "SMS",
        "DestinationIdentity": number,
        "OriginationIdentity": "+4930123456",
        "ReferenceId": "login-1",
        "CodeLength": 7,
        "AllowedAttempts": 2,
        "ValidityPeriod": 5,
    }
    answer = run.happy("SendOTPMessage", ApplicationId=app, SendOTPMessageRequestParameters=request)
    run.equal(answer["Result"][number]["DeliveryStatus"], "SUCCESSFUL", "SendOTPMessage")
    (message,) = sunk(run, f"Shop {run.name}")
    (code,) = re.findall(r"\b\d{7}\b", json.dumps(message))

    def verify(otp):
        given = {"DestinationIdentity": number, "ReferenceId": "login-1", "Otp": otp}
        answer = run.happy("VerifyOTPMessage", ApplicationId=app, VerifyOTPMessageRequestParameters=given)
        return answer["Valid"]

    run.equal(verify("1" * 7 if code != "1" * 7 else "2" * 7), False, "a wrong code")
    run.equal(verify(code), True, "the right code")
    run.equal(verify(code), False, "the code once more")

    off = new_app(run, "otp-off")
    run.happy("UpdateSmsChannel", ApplicationId=off, SMSChannelRequest={"Enabled": False})
    unsent = {**request, "DestinationIdentity": number + "0"}
    answer = run.happy("SendOTPMessage", ApplicationId=off, SendOTPMessageRequestParameters=unsent)
    run.failed("SendOTPMessage", answer["Result"][number + "0"], "PERMANENT_FAILURE", 400)

    def bad(fragment, **members):
        wanted = {**request, **members}
        run.bad("SendOTPMessage", fragment, ApplicationId=app, SendOTPMessageRequestParameters=wanted)

    bad("CodeLength", CodeLength=9)
    bad("ValidityPeriod", ValidityPeriod=61)
    bad("AllowedAttempts", AllowedAttempts=6)
    bad("Channel", Channel="VOICE")
    bad("Language", Language="xx-XX")
    wrong = {"DestinationIdentity": number, "ReferenceId": "login-1"}
    run.bad("VerifyOTPMessage", "Otp", ApplicationId=app, VerifyOTPMessageRequestParameters=wrong)
    run.missing("SendOTPMessage", ApplicationId=NOWHERE, SendOTPMessageRequestParameters=request)
    given = {**wrong, "Otp": "1"}
    run.missing("VerifyOTPMessage", ApplicationId=NOWHERE, VerifyOTPMessageRequestParameters=given)


def phone_numbers(run):
    found = run.happy("PhoneNumberValidate", NumberValidateRequest={"PhoneNumber": "0151 12345678", "IsoCountryCode": "DE"})
    run.equal(found["CleansedPhoneNumberE164"], "+4915112345678", "CleansedPhoneNumberE164")
    run.equal((found["CountryCodeIso2"], found["PhoneType"], found["PhoneTypeCode"]), ("DE", "MOBILE", 0), "the number")
    found = run.happy("PhoneNumberValidate", NumberValidateRequest={"PhoneNumber": "+1 2"})
    run.equal((found["PhoneType"], found["PhoneTypeCode"]), ("INVALID", 3), "no number")
    run.bad("PhoneNumberValidate", "PhoneNumber", NumberValidateRequest={})
    run.bad("PhoneNumberValidate", "IsoCountryCode", NumberValidateRequest={"PhoneNumber": "1", "IsoCountryCode": "Wonderland"})


CASES = [direct, one_time_passwords, phone_numbers]
