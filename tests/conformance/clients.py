"""The official clients of Python behind one call: `call(operation, parameters)`."""

import contextlib
import io
import json
import os
import tempfile

REGION = "us-east-1"


class Refused(Exception):
    """An answer that is no success, as the client tells it."""

    def __init__(self, exception, status, message):
        super().__init__(f"{exception} ({status}): {message}")
        self.exception = exception
        self.status = status
        self.message = message


class Boto3:
    """boto3. One that is `lax` leaves it to the server to find bad input."""

    def __init__(self, url, lax=False):
        import boto3
        from botocore.config import Config

        config = Config(retries={"total_max_attempts": 1}, parameter_validation=not lax, read_timeout=30)
        self._client = boto3.client("pinpoint", region_name=REGION, endpoint_url=url, config=config)
        names = {api: method for method, api in self._client.meta.method_to_api_mapping.items()}
        self._methods = {operation: getattr(self._client, method) for operation, method in names.items()}
        self.model = self._client.meta.service_model

    def call(self, operation, parameters):
        """What the operation answers, its status and its headers."""
        from botocore.exceptions import ClientError

        try:
            answer = self._methods[operation](**parameters)
        except ClientError as error:
            told = error.response["Error"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            name = type(error).__name__
            # A modelled exception has a class of its own; for others only the code is known.
            exception = name if name != "ClientError" else told.get("Code")
            raise Refused(exception, status, told.get("Message", "")) from None
        head = answer.pop("ResponseMetadata")
        return answer, head["HTTPStatusCode"], head["HTTPHeaders"]


class Cli:
    """The AWS CLI, all calls in this process: what it is given and what it prints are those of `aws`.

    One that is `lax` leaves it to the server to find bad input. The CLI knows that only as a setting of a profile.
    """

    def __init__(self, url, lax=False):
        from awscli.clidriver import create_clidriver
        from botocore import xform_name

        os.environ["AWS_DEFAULT_REGION"] = REGION
        os.environ["AWS_MAX_ATTEMPTS"] = "1"
        self._arguments = ["pinpoint", None, "--endpoint-url", url, "--output", "json"]
        if lax:
            with tempfile.NamedTemporaryFile("w", delete=False) as settings:
                settings.write("[default]\nparameter_validation = false\n")
            os.environ["AWS_CONFIG_FILE"] = settings.name
        self._driver = create_clidriver()
        # Read once, while the file is there.
        self._driver.session.full_config  # noqa: B018
        if lax:
            os.unlink(os.environ.pop("AWS_CONFIG_FILE"))
        self._driver.session.register("after-call.pinpoint.*", self._seen)
        self._last = None
        self.model = self._driver.session.get_service_model("pinpoint")
        self._commands = {operation: xform_name(operation, "-") for operation in self.model.operation_names}

    def _seen(self, http_response, parsed, **_):
        self._last = http_response.status_code, http_response.headers, parsed

    def call(self, operation, parameters):
        """What the operation answers, its status and its headers."""
        arguments = [*self._arguments, "--cli-input-json", json.dumps(parameters)]
        arguments[1] = self._commands[operation]
        printed, complained = io.StringIO(), io.StringIO()
        self._last = None
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(complained):
            code = self._driver.main(arguments)
        if self._last is None:
            raise RuntimeError(f"aws {operation} ended with {code} before any answer: {complained.getvalue()}")
        status, headers, parsed = self._last
        if code == 0:
            return json.loads(printed.getvalue() or "{}"), status, headers
        text = complained.getvalue().strip()
        exception = parsed.get("Error", {}).get("Code")
        if f"({exception})" not in text:
            raise RuntimeError(f"aws {operation} ended with {code}: {text}")
        raise Refused(exception, status, text.partition(" operation: ")[2])


CLIENTS = {"boto3": Boto3, "cli": Cli}
