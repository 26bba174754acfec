"""Operations of the control API: the journal, events, faults, outcomes, the clock, scenarios."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response, StreamingResponse

from xclade_store_mock import jsontext
from xclade_store_mock.control.control import Control
from xclade_store_mock.control.errors import invalid_field, respond_empty
from xclade_store_mock.control.faults import Break, FaultAnswer, FaultPlan, Moment
from xclade_store_mock.control.journal import Criteria
from xclade_store_mock.control.outcomes import Outcome, Result
from xclade_store_mock.control.scenarios import SCENARIOS, find_scenario
from xclade_store_mock.web import Call
from xclade_store_mock.web.endpoints import Document

_STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class PlanOperations:
    """One method for each operationId."""

    control: Control

    async def list_journal(self, call: Call) -> Document:
        """Return the newest entries that match, oldest first."""
        journal = self.control.journal
        criteria = {name: value for name, value in call.query.items() if name != "limit"}
        records = journal.find(Criteria(**criteria))
        page = records[max(0, len(records) - call.query["limit"]) :]
        entries = [entry.document() for entry in await journal.read(page)]
        return {"entries": entries, "count": len(records)}

    async def clear_journal(self, _: Call) -> Response:
        """Empty the journal."""
        self.control.journal.clear()
        return respond_empty()

    async def follow_events(self, call: Call) -> Response:
        """Return a stream of events."""
        if call.scope["method"] == "HEAD":
            return Response(media_type=_STREAM)
        control = self.control
        last_id = call.header("last-event-id")
        criteria = None if last_id is None else Criteria(since=int(last_id))
        events = control.events.follow(
            lambda: map(control.journal_event, control.journal.find(criteria) if criteria else ())
        )
        return StreamingResponse(events, media_type=_STREAM, headers={"Cache-Control": "no-store"})

    async def list_faults(self, _: Call) -> Document:
        """Return the faults."""
        return {"faults": [fault.document() for fault in self.control.faults.list()]}

    async def plan_fault(self, call: Call) -> Response:
        """Plan a fault."""
        body = {**call.body}
        times = body.pop("times", 1)
        fault = self.control.plan_fault(_read_plan(body), times)
        content = jsontext.write(fault.document())
        return Response(content, 201, media_type="application/json")

    async def cancel_fault(self, call: Call) -> Response:
        """Cancel a fault."""
        self.control.faults.cancel(call.path["id"])
        return respond_empty()

    async def cancel_faults(self, _: Call) -> Response:
        """Cancel all faults."""
        self.control.faults.cancel_all()
        return respond_empty()

    async def release_fault(self, call: Call) -> Document:
        """Release the requests that a fault holds."""
        return {"released": self.control.faults.release(call.path["id"])}

    async def plan_outcome(self, call: Call) -> Document:
        """Plan the outcome of a provider's next calls."""
        outcome = Outcome(**{**call.body, "result": Result(call.body["result"])})
        await self.control.plan_outcome(call.path["id"], outcome)
        return asdict(outcome)

    async def cancel_outcome(self, call: Call) -> Response:
        """Cancel a provider's outcome."""
        id_ = call.path["id"]
        await self.control.require_provider(id_)
        self.control.outcomes.cancel(id_)
        return respond_empty()

    async def get_clock(self, _: Call) -> Document:
        """Return the clock."""
        return self.control.clock.document()

    async def set_clock(self, call: Call) -> Document:
        """Set, freeze or unfreeze the clock."""
        body = call.body
        now = _read_time(body["now"]) if "now" in body else None
        self.control.clock.set(now, frozen=body.get("frozen"))
        return self.control.clock.document()

    async def advance_clock(self, call: Call) -> Document:
        """Set the clock forward."""
        self.control.clock.advance(timedelta(seconds=call.body["seconds"]))
        return self.control.clock.document()

    async def release_clock(self, _: Call) -> Response:
        """Return the clock to the real time."""
        self.control.clock.release()
        return respond_empty()

    async def list_scenarios(self, _: Call) -> Document:
        """Return all scenarios."""
        current = self.control.scenario
        return {"scenarios": [each.document(current) for each in SCENARIOS]}

    async def start_scenario(self, call: Call) -> Document:
        """Start a scenario."""
        scenario = find_scenario(call.path["name"])
        await scenario.start(self.control)
        return scenario.document(self.control.scenario)


def _read_plan(body: dict[str, Any]) -> FaultPlan:
    """Return the plan that a valid body describes."""
    answer = body.get("answer")
    broken = body.get("broken")
    return FaultPlan(
        **{
            **body,
            "when": Moment(body.get("when", Moment.BEFORE)),
            "answer": answer and FaultAnswer(**answer),
            "broken": broken and Break(broken),
        }
    )


def _read_time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:  # such as a leap second
        raise invalid_field(field="now", problem=str(error)) from error
