"""Any card that a capability could make, for Hypothesis, and one card with every part in it."""

from hypothesis import strategies as st

from psirf_bot.cards.model import (
    Button,
    Buttons,
    Card,
    ChoiceInput,
    ClockInput,
    Copy,
    DayInput,
    Details,
    Fact,
    Facts,
    Input,
    MomentInput,
    NumberInput,
    Option,
    Part,
    PeopleInput,
    Progress,
    TextInput,
    Words,
)

# What has a meaning somewhere: mrkdwn, Markdown, HTML, templates, identifiers; and much of it.
TRICKY = (
    "*bold* _slanted_ ~gone~ `code` <!channel> <@U123> :fire:",
    "**strong** [link](https://example.org) [ref]: x {{DATE(2026-11-20T08:00:00Z)}} \\*",
    "1. one\n2) two\n- three\n# four\n> five\n    six",
    "</p></article><script>alert('\"1\"')</script> &amp; &lt; <b",
    "Her NHS number is 943 476 5919, at M13 9PL.",
    "line\n" * 300,
    "word " * 900,
    "x" * 3500,
    "🙂" * 4000,
)
_CHARACTERS = st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co"), include_characters="\n")
_SHORT = st.text(_CHARACTERS, min_size=1, max_size=60).filter(lambda text: bool(text.strip()))
_LONG = st.sampled_from(TRICKY) | st.text(_CHARACTERS, max_size=200)
_ERROR = st.just("") | _SHORT
_DAY = st.dates().map(lambda day: day.isoformat()) | st.sampled_from(("", "yesterday", "2026-13-01"))
_CLOCK = st.times().map(lambda clock: clock.strftime("%H:%M")) | st.sampled_from(("", "25:00", "half past two"))
_NAMES = st.text("abcdefghij @.'é", min_size=1, max_size=30).map(str.strip).filter(bool)

words = st.builds(
    Words, text=_LONG, style=st.sampled_from(("body", "heading", "subtle", "warning", "error")), typed=st.booleans()
)
facts = st.builds(
    Facts,
    facts=st.lists(st.builds(Fact, label=_SHORT, value=_LONG, typed=st.booleans()), max_size=4).map(tuple),
)
details = st.builds(Details, title=_SHORT, text=_LONG, typed=st.booleans())
progress = st.builds(Progress, text=_SHORT)
copies = st.builds(Copy, title=_SHORT, text=_LONG)


@st.composite
def presses(draw: st.DrawFn) -> Button:
    """A button that does something, or now and then a link."""
    style = draw(st.sampled_from(("plain", "primary", "danger")))
    label = draw(_SHORT | st.just("Send this to the quality team, who read it on every working day of the year, all"))
    if draw(st.integers(0, 4)) == 0:
        return Button(label=label, url="https://datix.example/capture/?form_id=1&module=INC", style=style)
    submits = draw(st.booleans())
    action = draw(st.text("abcdef0123456789", min_size=8, max_size=32))
    return Button(label=label, action=action, style=style, submits=submits, validates=submits and draw(st.booleans()))


_ROW = st.lists(presses(), max_size=8).map(tuple)


@st.composite
def inputs(draw: st.DrawFn, id: str) -> Input:
    """An input with this id, of any kind."""
    asked = {
        "id": id,
        "label": draw(_SHORT),
        "hint": draw(_ERROR),
        "required": draw(st.booleans()),
        "error": draw(_ERROR),
    }
    kind = draw(st.sampled_from((TextInput, NumberInput, ChoiceInput, DayInput, ClockInput, MomentInput, PeopleInput)))
    if kind is TextInput:
        value = draw(st.text(_CHARACTERS, max_size=200) | st.sampled_from(TRICKY[:5]))
        return TextInput(**asked, value=value, multiline=draw(st.booleans()), max_length=draw(st.integers(1, 3000)))
    if kind is NumberInput:
        return NumberInput(**asked, value=draw(st.none() | st.integers(-5, 200)), most=100)
    if kind is ChoiceInput:
        values = draw(st.lists(st.text("abcdefgh-", min_size=1, max_size=20), max_size=12, unique=True))
        options = tuple(Option(value=value, label=draw(_SHORT)) for value in values)
        chosen = draw(st.lists(st.sampled_from([*values, "no such option"]), max_size=4, unique=True))
        return ChoiceInput(**asked, options=options, value=tuple(chosen), several=draw(st.booleans()))
    if kind is MomentInput:
        return MomentInput(**asked, day=draw(_DAY), clock=draw(_CLOCK), latest=draw(_DAY))
    if kind is PeopleInput:
        return PeopleInput(**asked, value=tuple(draw(st.lists(_NAMES, max_size=4))))
    return DayInput(**asked, value=draw(_DAY)) if kind is DayInput else ClockInput(**asked, value=draw(_CLOCK))


@st.composite
def cards(draw: st.DrawFn) -> Card:
    """A card of up to ten parts; the ids of its inputs are unique, some of them about one of several people."""
    shown = words | facts | details | progress | copies | st.builds(Buttons, buttons=_ROW)
    body: list[Part] = []
    for number in range(draw(st.integers(0, 10))):
        asks = inputs(f"support/p{number}/who" if number % 3 else f"question-{number}")
        body.append(draw(shown | asks))
    reopen = draw(st.sampled_from(("", "0f1e2d3c")))
    title = draw(_SHORT | st.sampled_from(TRICKY))
    return Card(title=title, preview=draw(_SHORT), body=tuple(body), buttons=draw(_ROW), reopen=reopen)


TYPED = "*Not bold* <!channel> :fire: <b>\nsecond line"
EVERY_PART = Card(
    title="Report an event",
    preview="Your form is ready.",
    body=(
        Progress(text="Page 1"),
        Words(text="What happened", style="heading"),
        Words(text="Facts, in your own words."),
        Words(text="Nobody reads this chat live.", style="subtle"),
        Words(text="Ring 999 if anyone is in danger.", style="warning"),
        Words(text="Some of it is not usable yet.", style="error"),
        Words(text=TYPED, typed=True),
        Facts(facts=(Fact(label="Service", value="Children's Therapy"), Fact(label="Place", value=TYPED, typed=True))),
        Details(title="Why we ask", text="So that others can learn.\nThank you."),
        Copy(title="Text for Datix", text="Type: Near miss\nPlace: clinic"),
        Buttons(buttons=(Button(label="Open Datix", url="https://datix.example/?a=1&b=2"),)),
        TextInput(id="what", label="What happened?", hint="No names.", required=True, value="A fall", multiline=True),
        TextInput(id="place", label="Where?", error="That looks like a postcode.", max_length=150),
        NumberInput(id="how-many", label="How many?", value=2, most=10),
        ChoiceInput(
            id="danger",
            label="Is anyone in danger now?",
            required=True,
            options=(Option(value="yes", label="Yes"), Option(value="no", label="No")),
            value=("no",),
        ),
        ChoiceInput(
            id="service",
            label="Which service?",
            options=tuple(Option(value=f"s{n}", label=f"Service {n}") for n in range(1, 8)),
            value=("s3",),
        ),
        ChoiceInput(
            id="affected",
            label="Who was affected?",
            options=(Option(value="patient", label="A patient"), Option(value="staff", label="Staff")),
            value=("staff", "patient"),
            several=True,
        ),
        DayInput(id="day", label="Which day?", value="2026-11-20"),
        ClockInput(id="clock", label="What time?", value="14:30"),
        MomentInput(
            id="when", label="When was it?", required=True, day="2026-11-20", clock="14:30", latest="2026-11-21"
        ),
        PeopleInput(id="who", label="Who else?", value=("Sam Hart", "jo@fenmarsh.example")),
    ),
    buttons=(
        Button(label="Back", action="aaaa1111", submits=True),
        Button(label="Next", action="bbbb2222", style="primary", submits=True, validates=True),
        Button(label="Delete", action="cccc3333", style="danger"),
    ),
    reopen="dddd4444",
)
# What the card above sends back when nothing on it is changed.
EVERY_VALUE: dict[str, object] = {
    "what": "A fall",
    "place": None,
    "how-many": "2",
    "danger": "no",
    "service": "s3",
    "affected": ["patient", "staff"],
    "day": "2026-11-20",
    "clock": "14:30",
    "when": {"date": "2026-11-20", "time": "14:30"},
    "who": "Sam Hart, jo@fenmarsh.example",
}


def held(part: Input) -> object:
    """What an untouched input sends back: text, a list, a moment, or None when it is empty or cannot hold its value."""
    match part:
        case ChoiceInput():
            chosen = [option.value for option in part.options if option.value in part.value]
            return (chosen or None) if part.several else next(iter(chosen), None)
        case NumberInput():
            return None if part.value is None else str(part.value)
        case PeopleInput():
            return ", ".join(part.value) or None
        case MomentInput():
            moment = {"date": _if(_is_day, part.day), "time": _if(_is_clock, part.clock)}
            return moment if any(moment.values()) else None
        case DayInput():
            return _if(_is_day, part.value)
        case ClockInput():
            return _if(_is_clock, part.value)
        case TextInput():
            return part.value or None


def _if(is_usable: object, value: str) -> str | None:
    return value if callable(is_usable) and is_usable(value) else None


def _is_day(value: str) -> bool:
    return value[:1].isdigit() and value != "2026-13-01"


def _is_clock(value: str) -> bool:
    return value[:1].isdigit() and value != "25:00"
