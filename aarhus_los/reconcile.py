"""What is new is brought into MO: read, compared, planned, written and verified, or only planned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from functools import partial
from typing import Final

from msgspec.structs import replace

from aarhus_los import initial
from aarhus_los import postal as postal_addresses
from aarhus_los.addresses.adressevask import Adressevask
from aarhus_los.addresses.cache import Cache
from aarhus_los.addresses.lookup import Resolution, resolve
from aarhus_los.addresses.outcomes import Found
from aarhus_los.api import REST, GraphQL
from aarhus_los.apply import Applied, apply_plan
from aarhus_los.brakes import Brake, BrakeKind, Limit, counted, tripped
from aarhus_los.deadline import NO_DEADLINE
from aarhus_los.desired import org
from aarhus_los.desired.claims import Desired, DesiredObject, Notice, SetAside
from aarhus_los.desired.families import Ours, desire
from aarhus_los.desired.world import Subjects, World
from aarhus_los.drop.names import Family
from aarhus_los.errors import SettingsError, UnavailableError
from aarhus_los.files import beside
from aarhus_los.frame import Frame
from aarhus_los.ledger import NOTHING_YET, Line, State, save_state
from aarhus_los.messages import Message
from aarhus_los.mo.bookmark import last_bookmark, set_bookmark
from aarhus_los.mo.client import Auth, MoClient
from aarhus_los.mo.model import History, Kind
from aarhus_los.mo.read import read_counts, read_histories, read_of
from aarhus_los.mo.target import Target
from aarhus_los.mo.without_rest import takes_address, writes_by_rest
from aarhus_los.moments import trace
from aarhus_los.plan import Plan, make_plan
from aarhus_los.preflight import OPERATION_BYTES, preflight
from aarhus_los.progress import check_mo, files_of, needed_again, under_way
from aarhus_los.reading import as_it_was, read_world
from aarhus_los.report.account import count_rows, failed_rows
from aarhus_los.report.names import gather_names, units_of_rows
from aarhus_los.report.orphaned import ended_units, orphaned
from aarhus_los.report.record import record_left, write_record
from aarhus_los.report.verdict import difference_text
from aarhus_los.selection import Selection
from aarhus_los.verify import chosen, verify

WITHOUT_REST: Final = "mo:without REST"
"""What the state calls the API by which MO was written, where REST was gone."""


class Reconciliation:
    """Brings what is new into MO, or works out what that would be. What becomes of it is in the frame's account."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.settings = frame.settings
        self.options = frame.options
        self.progress = frame.progress
        self.now = frame.now
        self.deadline = frame.deadline
        self.account = frame.account

    def run(self, state: State, selection: Selection) -> None:
        """Read MO, look up, work out what MO must say, plan, brakes, write, verify, account, state.

        Raises LosError where nothing can be done.
        """
        account, since = self.account, self.options.since
        if state.timestamp in (None, NOTHING_YET):  # a first import takes as long as it takes
            self.deadline = NO_DEADLINE
        lines = {**state.lines, **selection.lines}
        units = trace(org.units_in(selection.of(Family.ORG)), lines)
        with self._client() as client:
            world, addresses = self._read_and_look_up(client, lines, selection, org.postal_texts(units.lines))
            with self.frame.phase("read MO"):
                bookmark = last_bookmark(client) if state.bookmark else None
                check_mo(state, world.organisation[0], bookmark, since)
                subjects, world, notices = as_it_was(client, selection.files, lines, world, units)
                account.notices += notices
            with self.frame.phase("compare"):
                ours = Ours(self.settings.municipality_code, self._az_system(world))
                desired = desire(selection.files, subjects, world, addresses.outcomes, ours, self.now.date())
                plan = account.plan = make_plan(desired.objects, world.actual)
                by_rest = not plan.steps or writes_by_rest(client, self.settings.mo_api)
                if plan.steps and self._leaves_out(client, plan, selection, by_rest=by_rest):
                    desired.objects = postal_addresses.without(desired.objects)
                    plan = account.plan = make_plan(desired.objects, world.actual)
                account.notices += self._orphans(client, desired.objects, plan)
                # From here on, what is desired is what the plan writes. Only what is read back is compared with it again.
                verified = {"all": None, "some": self.settings.verify_limit, "none": 0}[self.options.verify]
                desired.objects = chosen(desired.objects, plan, verified)
            account.brakes = self._brakes(plan, client, world)
            self._gather_names(client, selection, desired, world, addresses)
            state = replace(state, organisation=world.organisation[0])
            if bookmark is not None:
                state = replace(state, bookmark=bookmark.isoformat())
            applied, moment = Applied(), None
            with record_left(self.settings.report_folder, account, lambda: self._count_writes(applied)):
                if plan.steps and not account.dry and not account.brakes:
                    self._try_places(selection, desired.set_aside, subjects)
                    api = REST if by_rest else GraphQL.of(plan, world.actual)
                    target = Target(client, set_bookmark(client, self.now), api)
                    moment = target.moment
                    state = under_way(state, selection, moment)
                    save_state(self.settings.state_file, state)
                    self._write(plan, desired, target, applied)
                self._account_for(client, selection, desired, applied)
                if account.written:
                    write_record(self.settings.report_folder, account)
                if account.is_complete:
                    self.frame.finish(state, selection, subjects.lines, moment)

    def _client(self) -> MoClient:
        settings = self.settings
        auth = None
        if settings.client_id and settings.client_secret and settings.auth_server:
            auth = Auth(settings.auth_server, settings.auth_realm, settings.client_id, settings.client_secret)
        return MoClient(
            settings.mora_base,
            graphql_version=settings.graphql_version,
            auth=auth,
            ca_bundle=settings.ca_bundle,
            writable=not self.account.dry,
            connections=settings.concurrency,
            retry_seconds=settings.retry_seconds,
            deadline=self.deadline,
        )

    def _read_and_look_up(
        self, client: MoClient, lines: Mapping[str, Line], selection: Selection, texts: Collection[str]
    ) -> tuple[World, Resolution]:
        """MO as it is, and meanwhile the addresses: neither server waits for the other."""
        with ThreadPoolExecutor(1, thread_name_prefix="mo-world") as pool:
            reading = pool.submit(read_world, client, selection.files, lines)
            try:
                addresses = self._look_up(texts, reading)
                with self.frame.phase("read MO"):
                    return reading.result(), addresses
            except BaseException:
                client.stop()
                raise

    def _try_places(self, selection: Selection, set_aside: list[SetAside], subjects: Subjects) -> None:
        """Whether all that this import will leave on disks can be written. Raises StateError."""
        kept = files_of(needed_again(subjects.lines, {aside.ref for aside in set_aside if aside.pending}))
        rejected = {aside.ref.file for aside in set_aside}
        sizes = {file.name.name: len(file.data) for file in selection.files}
        record = OPERATION_BYTES * len(self.account.plan.operations)
        reports = sum(sizes[name] for name in rejected) + record
        preflight(self.settings, sizes, kept=sum(sizes[name] for name in kept), reports=reports)

    def _look_up(self, texts: Collection[str], reading: Future[World]) -> Resolution:
        """Looks addresses up, for as long as MO can be read meanwhile."""
        settings = self.settings
        path = beside(settings.state_file, ".addresses.json")
        cache = Cache(path, service=settings.dar_url, read_only=self.account.dry)
        with (
            self.frame.phase("look up addresses"),
            Adressevask(
                settings.dar_url,
                settings.dar_token,
                ca_bundle=settings.ca_bundle,
                retry_seconds=settings.retry_seconds,
            ) as service,
        ):
            reading.add_done_callback(
                lambda done: service.stop("MO cannot be read") if done.exception() else None
            )
            resolution = resolve(
                sorted(texts),
                service if settings.dar_provider == "adressevask" else None,
                cache,
                self.now,
                progress=self._looked_up,
            )
        self.account.warnings += resolution.warnings
        self.account.retries += resolution.retries
        self.account.addresses = Counter(outcome.kind for outcome in resolution.outcomes.values())
        return resolution

    def _looked_up(self, done: int, of: int) -> None:
        self.deadline.check()
        self.progress("look up addresses", done, of)

    def _az_system(self, world: World) -> str:
        """The IT system of the AZ accounts: the one that is set, which must be there, or the one that we seed."""
        system = self.settings.azid_it_system_uuid or initial.AZ_SYSTEM
        if system not in {initial.AZ_SYSTEM, *world.actual[Kind.ITSYSTEM], *world.odd}:
            raise SettingsError(f"azid_it_system_uuid: MO has no IT system {system}")
        return system

    def _leaves_out(self, client: MoClient, plan: Plan, selection: Selection, *, by_rest: bool) -> bool:
        """Whether postal addresses cannot be written, and are left out. What is new about that is told."""
        # Those that end one need no address service.
        postal = [op for op in plan.operations if postal_addresses.is_postal(op.value)]
        report, reported = self.account.notices.append, selection.reported
        if by_rest:
            reported.pop(WITHOUT_REST, None)
        elif self.settings.mo_api == "auto" and WITHOUT_REST not in reported:
            reported[WITHOUT_REST] = "graphql"
            report(Notice(Message.WITHOUT_REST(), news=True))
        since = reported.get(postal_addresses.LEFT_OUT)
        if postal and not by_rest and not takes_address(client, postal_addresses.value_of(postal[0])):
            day = postal_addresses.first_day(postal).isoformat()
            reported[postal_addresses.LEFT_OUT] = min(day, since or day)
            report(Notice(Message.POSTAL_LEFT_OUT(count=len({op.uuid for op in postal})), news=True))
            return True
        if since is None or not (postal or by_rest):
            return False
        if self.options.since and self.options.since.isoformat() <= since:
            del reported[postal_addresses.LEFT_OUT]
        else:
            report(Notice(Message.POSTAL_TAKEN_AGAIN(day=date.fromisoformat(since)), news=True))
        return False

    def _orphans(self, client: MoClient, wanted: list[DesiredObject], plan: Plan) -> list[Notice]:
        """What is orphaned by the units that end."""
        ended = ended_units(plan.operations)
        histories: dict[str, History] = {}
        for kind in (Kind.ENGAGEMENT, Kind.MANAGER) if ended else ():
            histories |= read_of(client, kind, "org_units", ended).found
        return orphaned(ended, histories, wanted)

    def _gather_names(
        self, client: MoClient, selection: Selection, desired: Desired, world: World, addresses: Resolution
    ) -> None:
        """Before the first write: an MO that cannot show names then costs nothing.

        What the run has not read for its own sake is read for a person who decides by it, or who asks for the page.
        """
        asked = self.options.names or self.account.dry or self.account.brakes

        def read(kind: Kind, uuids: Collection[str]) -> Mapping[str, History]:
            return read_histories(client, kind, uuids).found if asked else {}

        with self.frame.phase("read names"):
            refs = {aside.ref for aside in desired.set_aside}
            units = self.account.units_of_rows = units_of_rows(selection.files, refs)
            unresolved = {each.org_unit for each in desired.unresolved}
            self.account.names = gather_names(
                self.now.date(),
                self.account.plan.operations,
                world.actual,
                read,
                units={*units.values(), *unresolved},
                addresses={
                    outcome.uuid: outcome.designation
                    for outcome in addresses.outcomes.values()
                    if isinstance(outcome, Found)
                },
            )

    def _brakes(self, plan: Plan, client: MoClient, world: World) -> list[Brake]:
        settings = self.settings
        limits = {
            BrakeKind.UNIT_ENDS: Limit(settings.max_unit_ends, settings.max_unit_ends_percent),
            BrakeKind.UNIT_MOVES: Limit(settings.max_unit_moves, settings.max_unit_moves_percent),
            BrakeKind.ENGAGEMENT_ENDS: Limit(
                settings.max_engagement_ends, settings.max_engagement_ends_percent
            ),
        }
        organisation, _ = world.organisation
        present = partial(read_counts, client, organisation)
        return tripped(counted(plan), limits, self.options.allow, present)

    def _write(self, plan: Plan, desired: Desired, target: Target, applied: Applied) -> None:
        """Writes a plan, and reads back what was written."""
        settings, total = self.settings, len(plan.operations)
        try:
            with self.frame.phase("write MO"):
                apply_plan(
                    plan,
                    target,
                    chunk_size=settings.chunk_size,
                    concurrency=settings.concurrency,
                    limit=Limit(settings.max_refused, settings.max_refused_percent),
                    allowed=self.options.allow.get(BrakeKind.REFUSALS, 0),
                    progress=lambda done: self.progress("write MO", done, total),
                    applied=applied,
                )
            target.client.deadline = NO_DEADLINE
            if not (applied.stopped or applied.refusals):
                with self.frame.phase("verify"):
                    differences = verify(desired.objects, target, applied)
                    self.account.differences = [difference_text(each) for each in differences]
        except UnavailableError as error:
            applied.stopped = error

    def _count_writes(self, applied: Applied) -> None:
        account = self.account
        account.written = [*applied.acknowledged, *applied.again]
        account.acknowledged = len(applied.acknowledged)
        account.failed = len(applied.failed)

    def _account_for(
        self, client: MoClient, selection: Selection, desired: Desired, applied: Applied
    ) -> None:
        account = self.account
        account.notices += desired.notices
        account.set_aside += [*desired.set_aside, *failed_rows(applied, desired.set_aside)]
        account.superseded += desired.superseded
        account.unresolved += desired.unresolved
        account.stopped = str(applied.stopped) if applied.stopped else None
        planned = account.dry or account.held
        self._count_writes(applied)
        if applied.refusals is not None:
            account.brakes.append(applied.refusals.brake)
            account.notices += (
                Notice(Message.TIMES_IN_ALL(count=count, reason=reason), fault=True)
                for count, reason in applied.refusals.reasons
            )
        if applied.stopped or applied.refusals:
            # The next run reads the same rows again, and accounts for them.
            account.unsettled = len(account.plan.operations) - account.acknowledged - account.failed
        else:
            done = account.plan.operations if planned else applied.acknowledged
            imported = {name: line.imported for name, line in selection.lines.items()}
            account.files = count_rows(selection.files, account.set_aside, account.superseded, done, imported)
        account.retries += client.retries
        account.requests = sum(client.requests.values())
