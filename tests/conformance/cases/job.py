"""Import and export jobs, on files."""

import gzip
import json
import pathlib

from .common import NOWHERE, ROLE, new_app


def jobs(run):
    folder = pathlib.Path(run.files) / f"jobs-{run.name}"
    folder.mkdir()
    app = new_app(run, "jobs")
    lines = [{"Id": f"e{n}", "ChannelType": "GCM", "Address": f"t{n}"} for n in range(5)]
    endpoints = folder / "endpoints.json"
    endpoints.write_text("".join(json.dumps(line) + "\n" for line in lines) + "no JSON\n")
    table = folder / "more.csv"
    table.write_text("Id,ChannelType,Address,Attributes.Ride,Attributes.Ride\nc1,EMAIL,c@example.com,bus,train\n")

    def request(path, **more):
        name = "CSV" if path.suffix == ".csv" else "JSON"
        return {"Format": name, "S3Url": path.as_uri(), "RoleArn": ROLE, "RegisterEndpoints": True, **more}

    def done(operation, job):
        def read():
            found = run.happy(operation, ApplicationId=app, JobId=job)
            return found if found["JobStatus"] in ("COMPLETED", "FAILED") else None

        return run.until(read, f"{operation} {job}")

    made = run.happy(
        "CreateImportJob", ApplicationId=app, ImportJobRequest=request(endpoints, DefineSegment=True, SegmentName="imported")
    )
    run.equal((made["Type"], made["ApplicationId"]), ("IMPORT", app), "CreateImportJob")
    found = done("GetImportJob", made["Id"])
    run.equal((found["JobStatus"], found["TotalProcessed"], found["TotalFailures"]), ("COMPLETED", 6, 1), "import")
    run.equal(len(found["Failures"]), 1, "Failures")
    run.equal(run.happy("GetEndpoint", ApplicationId=app, EndpointId="e4")["Address"], "t4", "an imported endpoint")
    segment = found["Definition"]["SegmentId"]
    here = {"ApplicationId": app, "SegmentId": segment}
    imported = run.happy("GetSegment", **here)
    run.equal((imported["Name"], imported["SegmentType"]), ("imported", "IMPORT"), "the segment")
    run.equal((imported["ImportDefinition"]["Size"], imported["ImportDefinition"]["Format"]), (5, "JSON"), "ImportDefinition")
    run.bad("UpdateSegment", "", **here, WriteSegmentRequest={"Name": "x"})

    again = [
        run.happy("CreateImportJob", ApplicationId=app, ImportJobRequest=request(path, **more))["Id"]
        for path, more in ((endpoints, {"DefineSegment": True, "SegmentId": segment}), (table, {}))
    ]
    for job in again:
        run.equal(done("GetImportJob", job)["JobStatus"], "COMPLETED", "import")
    ride = run.happy("GetEndpoint", ApplicationId=app, EndpointId="c1")["Attributes"]["Ride"]
    run.equal(ride, ["bus", "train"], "a repeated column")
    run.equal(run.happy("GetSegment", **here)["Version"], 2, "the segment that was imported again")
    lost = run.happy("CreateImportJob", ApplicationId=app, ImportJobRequest=request(folder / "nothing.json"))["Id"]
    run.equal(done("GetImportJob", lost)["JobStatus"], "FAILED", "import of nothing")
    run.pages("GetImportJobs", [made["Id"], *again, lost], ApplicationId=app)

    def bad(fragment, **more):
        run.bad("CreateImportJob", fragment, ApplicationId=app, ImportJobRequest=request(endpoints, **more))

    bad("Format", Format="XML")
    bad("S3Url", S3Url="ftp://example.com/x")
    bad("S3Url", S3Url="file:///etc/passwd")
    bad("", RegisterEndpoints=False, DefineSegment=False)
    run.missing("CreateImportJob", ApplicationId=NOWHERE, ImportJobRequest=request(endpoints))

    third = run.happy("CreateImportJob", ApplicationId=app, ImportJobRequest=request(
        endpoints, DefineSegment=True, SegmentId=segment))["Id"]
    done("GetImportJob", third)
    run.pages("GetSegmentImportJobs", [made["Id"], again[0], third], **here)

    target = folder / "out"

    def export(**more):
        wanted = {"RoleArn": ROLE, "S3UrlPrefix": target.as_uri(), **more}
        return run.happy("CreateExportJob", ApplicationId=app, ExportJobRequest=wanted)

    everybody = export()
    run.equal(everybody["Type"], "EXPORT", "CreateExportJob")
    found = done("GetExportJob", everybody["Id"])
    run.equal((found["JobStatus"], found["TotalProcessed"]), ("COMPLETED", 6), "export")
    pieces = sorted(target.rglob("*.json.gz"))
    run.check(pieces, "no file was written")
    written = [json.loads(line) for piece in pieces for line in gzip.open(piece, "rt")]
    run.equal({line["Id"] for line in written}, {"e0", "e1", "e2", "e3", "e4", "c1"}, "the exported endpoints")
    some = [export(SegmentId=segment)["Id"] for _ in range(3)]
    for job in some:
        run.equal(done("GetExportJob", job)["TotalProcessed"], 5, "export of the segment")
    run.pages("GetExportJobs", [everybody["Id"], *some], ApplicationId=app)
    run.pages("GetSegmentExportJobs", some, **here)
    bad_export = {"RoleArn": ROLE, "S3UrlPrefix": "somewhere"}
    run.bad("CreateExportJob", "S3UrlPrefix", ApplicationId=app, ExportJobRequest=bad_export)
    run.bad("CreateExportJob", "RoleArn", ApplicationId=app, ExportJobRequest={"S3UrlPrefix": target.as_uri()})
    good_export = {**bad_export, "S3UrlPrefix": target.as_uri()}
    run.missing("CreateExportJob", ApplicationId=NOWHERE, ExportJobRequest=good_export)

    for operation in ("GetImportJobs", "GetExportJobs"):
        run.missing(operation, ApplicationId=NOWHERE)
    for operation in ("GetImportJob", "GetExportJob"):
        run.missing(operation, ApplicationId=app, JobId=NOWHERE)
        run.missing(operation, ApplicationId=NOWHERE, JobId=made["Id"])
    for operation in ("GetSegmentImportJobs", "GetSegmentExportJobs"):
        run.missing(operation, ApplicationId=app, SegmentId=NOWHERE)


CASES = [jobs]
