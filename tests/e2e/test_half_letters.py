"""Half a letter, as JSON of others may hold it, is in no way of what is written of a run."""

from __future__ import annotations

import json
from dataclasses import replace

from aarhus_los.sandbox.http_stand_in import Action, Answer, Phase, Request
from tests.e2e.drops import office, put_files
from tests.e2e.harness import Sandbox
from tests.e2e.los_files import org


def test_half_a_letter_in_mo_and_in_the_address_service_is_no_defect(imported: Sandbox) -> None:
    def half(request: Request, phase: Phase) -> Action | None:
        answer = request.answer
        if phase is Phase.AFTER and isinstance(answer, Answer) and b'"name":"Mor"' in answer.body:
            return replace(answer, body=answer.body.replace(b'"name":"Mor"', b'"name":"Mor\\ud800"'))
        return None

    def half_address(request: Request, phase: Phase) -> Action | None:
        answer = request.answer
        if phase is Phase.AFTER and isinstance(answer, Answer):
            body = json.dumps(json.loads(answer.body)).replace("Nygade", "Nygade\\ud800")
            return Answer(200, body.encode(), answer.headers)
        return None

    page = imported.stage.home / "page.html"
    put_files(
        imported,
        {
            "Org_ret_20260209_220000.csv": org(office("mor", OrgEnhedsNavn="Mor, ny", SE_Nr="12345678")),
            "Org_nye_20260209_220000.csv": org(office("ny", PostAdresse="Nygade 2, 8000 Ådal")),
        },
    )
    imported.mo.intercept = half
    imported.dar.intercept = half_address
    for args in (("plan",), ("plan", "--json"), ("--json", "--html", str(page))):
        done = imported.run(*args)
        assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads(max(imported.reports.glob("run_*.json")).read_text(encoding="utf-8"))
    assert "Mor\ud800" in [
        piece["value"].get("name") for each in record["written"] for piece in each["before"] if piece["value"]
    ]
    assert json.loads(done.stdout)["exit_code"] == 0
    assert page.read_text(encoding="utf-8")
