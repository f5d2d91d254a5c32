"""The tables of the deployable agree with the code that is deployed."""

import app
from chalicelib.settings import Settings
from vigil.local.deployment import HANDLERS
from vigil.package.app_stack import VISIBILITY_FACTOR
from vigil.package.parameters import SOURCES, environment_of
from vigil.package.plan import FUNCTIONS, QUEUES, consumer_of
from vigil.reference.settings import variables

SQS_LIMIT_SECONDS = 12 * 3_600
LAMBDA_LIMIT_SECONDS = 900
#: Has a default that suits everybody; settable for tests and for the curious.
LEFT_ALONE = {
    "VIGIL_BUNDLE",
    "VIGIL_CONFIRM_SECONDS",
    "VIGIL_SLACK_API_URL",
    "VIGIL_SLACK_BURST_SECONDS",
    "VIGIL_SLACK_SPACING_SECONDS",
}


def test_every_function_that_the_app_registers_is_deployed() -> None:
    registered = {function.name for function in app.app.pure_lambda_functions}
    serving = {plan.name for plan in FUNCTIONS if plan.serves and app.app.routes}

    assert {plan.name for plan in FUNCTIONS} == registered | serving == HANDLERS.keys()
    assert len(serving) == 1


def test_every_function_is_fed_by_exactly_one_source() -> None:
    feeds = {p.name: [p.queue, p.schedule, p.reads_history, p.seals, p.serves] for p in FUNCTIONS}

    assert {name: sum(map(bool, sources)) for name, sources in feeds.items()} == dict.fromkeys(
        feeds, 1
    )


def test_every_queue_is_consumed_and_its_messages_reappear_within_what_sqs_allows() -> None:
    assert {plan.queue for plan in FUNCTIONS if plan.queue} == QUEUES.keys()
    for queue in QUEUES.values():
        assert VISIBILITY_FACTOR * consumer_of(queue).timeout_seconds <= SQS_LIMIT_SECONDS


def test_no_function_runs_longer_than_lambda_allows() -> None:
    assert max(plan.timeout_seconds for plan in FUNCTIONS) <= LAMBDA_LIMIT_SECONDS


def test_every_setting_is_set_by_the_stack_or_left_alone_on_purpose() -> None:
    assert set(variables()) == SOURCES.keys() | LEFT_ALONE
    assert SOURCES.keys().isdisjoint(LEFT_ALONE)


def test_every_variable_of_the_stack_reaches_a_function_that_reads_settings() -> None:
    given = {name for plan in FUNCTIONS for name in environment_of(plan)}

    assert given == SOURCES.keys()


def test_every_function_can_read_its_settings() -> None:
    for plan in FUNCTIONS:
        Settings.from_env(dict.fromkeys(environment_of(plan), "1"))
