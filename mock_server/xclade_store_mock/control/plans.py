"""The operations of the control API that plan what happens, and tell what happened."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response, StreamingResponse

from xclade_store_mock.control.control import Control, clock_document
from xclade_store_mock.control.errors import Document, ProviderNotFound, done, refused, respond
from xclade_store_mock.control.faults import (
    Break,
    Fault,
    FaultAnswer,
    FaultPlan,
    Moment,
    effect_document,
)
from xclade_store_mock.control.journal import Criteria, entry_document
from xclade_store_mock.control.outcomes import Outcome, Result
from xclade_store_mock.control.scenarios import (
    CART_ID,
    COLLECTION_ID,
    REGION_ID,
    SCENARIOS,
    Scenario,
    find_scenario,
)
from xclade_store_mock.web.endpoints import Call

_STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class PlanOperations:
    """One method for each operationId."""

    control: Control

    async def list_journal(self, call: Call) -> Response:
        """Answer entries of the journal."""
        criteria = Criteria(
            **{name: value for name, value in call.query.items() if name != "limit"}
        )
        entries = self.control.journal.entries(criteria, call.query["limit"])
        count = len(self.control.journal.find(criteria))
        return respond({"entries": [entry_document(each) for each in entries], "count": count})

    async def clear_journal(self, _: Call) -> Response:
        """Empty the journal."""
        self.control.journal.clear()
        self.control.events.changed("journal")
        return done()

    async def follow_events(self, call: Call) -> Response:
        """Answer what happens, for as long as it is listened to."""
        if call.scope["method"] == "HEAD":
            return Response(media_type=_STREAM)
        seen = call.header("last-event-id")
        missed = [] if seen is None else self.control.journal.find(Criteria(since=int(seen)))
        listener = self.control.events.listen()
        texts = listener.texts(self.control.journal_event(*each) for each in missed)
        return StreamingResponse(texts, media_type=_STREAM, headers={"Cache-Control": "no-store"})

    async def list_faults(self, _: Call) -> Response:
        """Answer the faults."""
        faults = self.control.faults.listed()
        return respond({"faults": [fault_document(each) for each in faults]})

    async def plan_fault(self, call: Call) -> Response:
        """Plan a fault."""
        body = {**call.body}
        times = body.pop("times", 1)
        fault = self.control.faults.plan(_read_plan(body), times)
        self.control.events.changed("faults")
        return respond(fault_document(fault), 201)

    async def cancel_fault(self, call: Call) -> Response:
        """Cancel a fault."""
        self.control.faults.cancel(call.path["id"])
        self.control.events.changed("faults")
        return done()

    async def cancel_faults(self, _: Call) -> Response:
        """Cancel all faults."""
        self.control.faults.cancel_all()
        self.control.events.changed("faults")
        return done()

    async def release_fault(self, call: Call) -> Response:
        """Let those requests go on that a fault holds."""
        released = self.control.faults.find(call.path["id"]).gate.release()
        self.control.events.changed("faults")
        return respond({"released": released})

    async def plan_outcome(self, call: Call) -> Response:
        """Plan what a provider's next calls come to."""
        id_ = call.path["id"]
        await self._require_provider(id_)
        body = call.body
        outcome = Outcome(**{**body, "result": Result(body["result"])})
        self.control.outcomes.plan(id_, outcome)
        self.control.events.changed("outcomes")
        return respond(outcome_document(outcome))

    async def cancel_outcome(self, call: Call) -> Response:
        """Let a provider behave."""
        id_ = call.path["id"]
        await self._require_provider(id_)
        self.control.outcomes.cancel(id_)
        self.control.events.changed("outcomes")
        return done()

    async def _require_provider(self, provider_id: str) -> None:
        settings = await self.control.storage.settings()
        if provider_id not in settings.payment_providers:
            raise ProviderNotFound(provider_id)

    async def get_clock(self, _: Call) -> Response:
        """Answer the clock."""
        return respond(clock_document(self.control.clock))

    async def set_clock(self, call: Call) -> Response:
        """Set the clock, freeze it, let it run."""
        body = call.body
        now = _read_time(body["now"]) if "now" in body else None
        self.control.clock.set(now, frozen=body.get("frozen"))
        return self._clock_changed()

    async def advance_clock(self, call: Call) -> Response:
        """Put the clock forward."""
        self.control.clock.advance(timedelta(seconds=call.body["seconds"]))
        return self._clock_changed()

    async def release_clock(self, _: Call) -> Response:
        """Let the clock tell the real time."""
        self.control.clock.release()
        self._clock_changed()
        return done()

    def _clock_changed(self) -> Response:
        self.control.events.changed("clock")
        return respond(clock_document(self.control.clock))

    async def list_scenarios(self, _: Call) -> Response:
        """Answer all scenarios."""
        present = self.control.scenario
        return respond({"scenarios": [scenario_document(each, present) for each in SCENARIOS]})

    async def start_scenario(self, call: Call) -> Response:
        """Switch a scenario on."""
        scenario = find_scenario(call.path["name"])
        await scenario.start(self.control)
        return respond(scenario_document(scenario, self.control.scenario))


def _read_plan(body: dict[str, Any]) -> FaultPlan:
    """Read a fault's plan, validated but for its words."""
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
    except ValueError as error:  # a leap second, for one
        raise refused(field="now", fault=str(error)) from error


def fault_document(fault: Fault) -> Document:
    """Describe a fault."""
    plan = fault.plan
    return {
        "id": fault.id,
        "operation_id": plan.operation_id,
        "method": plan.method,
        "path": plan.path,
        "payment_collection_id": plan.payment_collection_id,
        "times": fault.times,
        **effect_document(plan),
        "waiting": fault.gate.waiting,
    }


def outcome_document(outcome: Outcome) -> Document:
    """Describe what a provider's next calls come to."""
    return asdict(outcome)


def scenario_document(scenario: Scenario, present: str | None) -> Document:
    """Describe a scenario; `present` is the one that is on."""
    return {
        "name": scenario.name,
        "trouble": scenario.trouble,
        "remedy": scenario.remedy,
        "cart_id": CART_ID,
        "payment_collection_id": COLLECTION_ID,
        "region_id": REGION_ID,
        "is_on": scenario.name == present,
    }
