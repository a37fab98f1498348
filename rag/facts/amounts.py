"""Quantities, money and percentages among the tokens of a text: numbers with what they count, ranges and bounds."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from rag.facts.lexicon import Lexicon, Token, change_of, codes, hints
from rag.facts.numerals import Numeral, Numerals
from rag.facts.reading import DASHES, Reading, is_han
from rag.facts.records import Amount, Bound, Kind

_MINUS = "-−–"
_PERCENT = frozenset({"percent", "permille", "percentage-point"})
_YUAN_OR_YEN = "¥"
_FOR_DAYS, _WITHIN_DAYS = frozenset("期续达共约近"), frozenset("内游之以均")  # beside a number of days
_SPANNED = 5  # tokens between the beginning of «с 5 млн рублей до 7 млн» and its «до»
_REACH = 8  # tokens before «до» among which a verb of change is looked for
_SKIPPED = 2  # words that may stand between «more than» and its number


class Measure(NamedTuple):
    """What a number counts, and the place behind it."""

    kind: Kind
    unit: str | None
    end: int
    factor: Decimal = Decimal(1)


class Found(NamedTuple):
    """A quantity and where it stands among the tokens."""

    value: Amount
    kind: Kind
    unit: str | None
    bound: Bound
    start: int
    end: int


_COUNT = Measure("quantity", None, -1)


class Amounts(Reading):
    """Reads the quantities among tokens in one language."""

    def __init__(self, text: str, lexicon: Lexicon, tokens: Sequence[Token], forms: Sequence[str]) -> None:
        super().__init__(text, lexicon, tokens, forms)
        self._numerals = Numerals(lexicon, tokens, forms)
        self._hints: list[tuple[int, str]] | None = None

    def at(self, place: int) -> Found | None:
        """Return the quantity that begins at a token."""
        if self._is_part_of_a_name(place):
            return None
        return self._han_percent(place) or self._fold(place) or self._quantity(place)

    # --- the whole ---

    def _quantity(self, place: int) -> Found | None:
        before = self._is_minus(place) or self._is_minus_in_words(place)  # «-$5», «minus 5»
        sign = self._sign(place + before)
        start = sign.end if sign else place + before
        within = bool(sign) and not before and self._is_minus(start)  # «$-5»
        start += within
        number = self._numerals.at(start, of_money=bool(sign))
        if number is None or not (sign or before or self._may_begin(start)):
            return None
        number = self._before_unit(number)
        measure = sign or self._measure(self._after_dot(number.end), number)
        end = max(measure.end, number.end)
        first = _negated(number) if before or within else number
        other = self._other_end(place, first, end, measure, sign)
        if other:
            first, last, measure, end = other
        elif sign or self._is_accepted(start, number, measure):
            last = first
        else:
            return None
        if sign:
            end = self._after_sign(end, measure)
        return None if self._is_day_of_month(place, end, last) else self._found(place, end, first, last, measure)

    def _found(self, place: int, end: int, number: Numeral, last: Numeral, measure: Measure) -> Found | None:
        value = Amount(number.value * measure.factor, last.value * measure.factor, last.step * measure.factor)
        if abs(value.low) > Decimal("1e30"):
            return None
        unit = self._yuan_or_yen(place) if measure.unit == _YUAN_OR_YEN else measure.unit
        bound = "=" if value.is_range else self._bound(place, end)
        vague = number.vague and bound == "="
        return Found(value, measure.kind, unit, ">" if vague else bound, place, self._with_dot(end))

    def _before_unit(self, number: Numeral) -> Numeral:
        """Pass over «多» of «100多公里», which stands before a unit."""
        if self._text_at(number.end) in {"多", "余", "餘"} and self._unit(number.end + 1):
            return number._replace(end=number.end + 1, vague=True)
        return number

    def _after_sign(self, end: int, measure: Measure) -> int:
        """Take in the name of a currency that stands behind as well: «$5 million US»."""
        found = self._lexicon.currencies.at(self._forms, end)
        return found[1] if found and found[0] == measure.unit and self._text_at(end).isalpha() else end

    # --- ranges ---

    def _other_end(
        self, start: int, number: Numeral, end: int, measure: Measure, sign: Measure | None
    ) -> tuple[Numeral, Numeral, Measure, int] | None:
        """Return both ends of a range that begins here, what it counts, and the place behind it."""
        place = self._joiner(start, end)
        if place is None:
            return None
        minus = self._is_minus(place) or self._is_minus_in_words(place)
        second_sign = self._sign(place + minus)
        if second_sign and (not sign or second_sign.unit != sign.unit):
            return None
        last = self._numerals.at(second_sign.end if second_sign else place + minus, of_money=bool(sign))
        if last is None:
            return None
        tail = sign or self._measure(self._after_dot(last.end), last)
        if not tail.unit and self._tokens[place].glued and self._is_glued_name(last.end):
            return None
        if measure.unit and tail.unit != measure.unit and not sign:
            return None
        last = _negated(last) if minus else last
        if number.multiplier == 1 and last.multiplier > 1 and number.literal <= last.literal:
            number = number._replace(value=number.value * last.multiplier, step=number.step * last.multiplier)
        if number.value >= last.value or not self._is_range(number, last, tail):
            return None
        return number, last, tail, max(last.end, tail.end)

    def _joiner(self, start: int, end: int) -> int | None:
        """Return the place behind what joins two ends of a range, if that stands at a place."""
        text, form = self._text_at(end), self._form(end)
        opener = self._form(start - 1)
        if text in DASHES and text:
            is_wide = not self._tokens[end].glued
            return None if is_wide and text == "-" and self._touches(end + 1) else end + 1
        if form not in self._lexicon.joiners | self._lexicon.span_joiners:
            return None
        if opener in self._lexicon.openers:
            return end + 1
        needs_opener = text in self._lexicon.opened_joiners or form not in self._lexicon.joiners
        if needs_opener or opener in self._lexicon.span_openers:
            return None
        return None if self._has_change(start) else end + 1

    def _is_range(self, number: Numeral, last: Numeral, measure: Measure) -> bool:
        """Tell a range from a score, a phone number or two years."""
        if number.in_words != last.in_words:
            return False
        if not measure.unit and self._is_part_of_a_chain(last.end):
            return False
        return measure.unit is not None or last.multiplier > 1 or self._is_counted(max(last.end, measure.end))

    # --- what is counted ---

    def _sign(self, place: int) -> Measure | None:
        """Return the money whose sign or code stands before a number: «$», «US$», «NOK», «kr»."""
        found = self._lexicon.signs.at(self._forms, place)
        if found and self._is_one_sign(place, found[1]):
            unit, end = found
            if self._text_at(place).isalpha() and self._text_at(end) == ".":
                end += 1
        elif self._is_code(place):
            unit, end = self._text_at(place).upper(), place + 1
        else:
            return None
        following = end + (self._text_at(end) in _MINUS)
        if following >= len(self._tokens) or self._tokens[following].kind != "number" or self._tokens[end].opens:
            return None
        return Measure("money", unit, end)

    def _is_one_sign(self, place: int, end: int) -> bool:
        """Tell «A$5» from «a $5 note», and «Rs 5» from «Audi RS 6»."""
        letter = self._tokens[place]
        if letter.text == "rs":
            return not self._text[letter.start : letter.end].isupper()
        if self._text_at(end - 1) != "$" or end - place == 1 or len(letter.text) > 1:
            return True
        return letter.capital and self._touches(place + 1)

    def _is_code(self, place: int) -> bool:
        if place >= len(self._tokens):
            return False
        token = self._tokens[place]
        return len(token.text) == 3 and token.text in codes() and self._text[token.start : token.end].isupper()

    def _measure(self, place: int, number: Numeral) -> Measure:
        """Return what the number before a place counts; a plain count if nothing is known of what follows."""
        found = self._unit(place)
        if found is None and self._text_at(place) == "-" and self._touches(place) and self._touches(place + 1):
            found = self._unit(place + 1)  # «12-month»
            if found is None and self._text_at(place + 1) in self._lexicon.suffixes:
                found = self._unit(place + 2)  # «5-ти процентов»
        return found or _COUNT._replace(end=number.end)

    def _unit(self, place: int) -> Measure | None:
        if place >= len(self._tokens) or self._tokens[place].opens:
            return None
        money = self._money(place)
        found = self._lexicon.units.at(self._forms, place)
        if money and (not found or money.end >= found[1]):
            return money
        if not found:
            return None
        unit, end = found
        if unit == "times" and end < len(self._tokens) and self._tokens[end].kind == "number":
            return None  # «3 x 4 metres»
        single = self._text_at(place)
        if len(single) == 1 and single.isalpha() and self._text[self._tokens[place].start].isupper():
            return None  # «5 M», «4 K»
        if unit in _PERCENT:
            return Measure("percent", unit, end)
        return Measure("quantity", unit, end)

    def _money(self, place: int) -> Measure | None:
        found = self._lexicon.currencies.at(self._forms, place)
        if found is None and self._is_code(place):
            found = self._text_at(place).upper(), place + 1
        if found is None or not self._is_one_sign(place, found[1]):
            return None
        unit, end = found
        if unit == "GBX":
            return Measure("money", "GBP", end, Decimal("0.01"))
        coin = change_of().get(unit)
        return Measure("money", coin, end, Decimal("0.01")) if coin else Measure("money", unit, end)

    def _yuan_or_yen(self, place: int) -> str:
        """Return the currency whose country, language or name stands nearest to a «¥»; the yuan if none does."""
        if self._hints is None:
            self._hints = [
                (match.start(), code) for code, pattern in hints().items() for match in pattern.finditer(self._text)
            ]
        here = self._tokens[place].start
        default = "JPY" if self._lexicon.language == "ja" else "CNY"
        return min(self._hints, key=lambda hint: abs(hint[0] - here), default=(0, default))[1]

    # --- other forms ---

    def _han_percent(self, place: int) -> Found | None:
        """Read «百分之三十»."""
        token = self._tokens[place]
        if token.text != "百分之":
            return None
        number = self._numerals.at(place + 1)
        if number is None:
            return None
        return self._found(place, number.end, number, number, Measure("percent", "percent", number.end))

    def _fold(self, place: int) -> Found | None:
        """Read «tenfold», «десятикратный», «tidobling»."""
        factor = self._lexicon.folds.get(self._tokens[place].text)
        if factor is None:
            return None
        number = Numeral(factor, Decimal(1), place + 1, factor, Decimal(1), True)
        return self._found(place, place + 1, number, number, Measure("quantity", "times", place + 1))

    # --- bounds ---

    def _bound(self, place: int, end: int) -> Bound:
        """Return how a number is bounded: by the words before it, else by those behind it."""
        start = place
        for _ in range(_SKIPPED + 1):
            found = self._lexicon.before.before(self._forms, start)
            if found and not self._crosses_line(found[1], place):
                return self._kept(found[0], found[1], start)
            is_dot = self._text_at(start - 1) == "." and self._text_at(start - 2) in self._lexicon.abbreviations
            if not is_dot and self._form(start - 1) not in self._lexicon.skips:
                break
            start -= 1
        after = self._lexicon.after.at(self._forms, end)
        return after[0] if after else "="  # type: ignore[return-value]

    def _kept(self, bound: str, begin: int, start: int) -> Bound:
        """Drop a bound that is none: «вырос до 5 млн» and «с 3 до 5 млн» are not «at most five million»."""
        word = self._form(begin)
        if start - begin == 1 and word in self._lexicon.up_to and (self._has_change(begin) or self._ends_span(begin)):
            return "="
        return bound  # type: ignore[return-value]

    def _has_change(self, place: int) -> bool:
        return any(form in self._lexicon.change for form in self._forms[max(0, place - _REACH) : max(0, place)])

    def _ends_span(self, place: int) -> bool:
        """Tell whether a number with a word before it that begins a span stands shortly before a place."""
        return any(
            self._form(opener) in self._lexicon.span_openers and self._tokens[opener + 1].kind in {"number", "sign"}
            for opener in range(max(0, place - _SPANNED), place - 1)
        )

    def _crosses_line(self, begin: int, end: int) -> bool:
        return any(token.opens for token in self._tokens[begin + 1 : end + 1])

    # --- what is no quantity ---

    def _is_accepted(self, place: int, number: Numeral, measure: Measure) -> bool:
        if measure.unit is None and self._is_part_of_a_chain(number.end):
            return False
        if self._tokens[place].kind == "number":
            return self._is_accepted_in_digits(place, number, measure)
        return self._is_accepted_in_words(place, number, measure)

    def _is_accepted_in_digits(self, place: int, number: Numeral, measure: Measure) -> bool:
        if measure.unit or number.multiplier > 1:
            return True
        if self._is_glued_name(number.end) or self._is_labelled(place) or self._is_ordinal(number.end):
            return False
        if (
            self._is_list_marker(place, number.end)
            or self._text_at(place - 1) == "["
            or self._is_bracketed(place, number.end)
        ):
            return False
        if self._lexicon.clock.at(self._forms, number.end) or self._is_of_a_score(place, number):
            return False
        return not (self._tokens[place].text.startswith("0") and len(self._tokens[place].text) > 1 and number.step == 1)

    def _is_accepted_in_words(self, place: int, number: Numeral, measure: Measure) -> bool:
        before = self._text_at(place - 1)
        if before in {"第", "-"} or self._text_at(place)[0] in "百千万亿兆" or before in self._lexicon.vague:
            return False
        if before in self._lexicon.of_part and self._text_at(place - 2) in self._lexicon.parts:
            return False
        if self._text_at(place) in self._lexicon.lone | self._lexicon.lone_bounded:
            return self._is_accepted_alone(place, measure)
        if measure.unit:
            article = number.value == 1 and number.multiplier == 1
            if self._lexicon.language == "zh" and number.multiplier == 1:
                return number.value > 1 or measure.kind == "percent"  # «一天» says «some day»
            return not article or self._text_at(place) in self._lexicon.one
        if self._lexicon.language == "zh":
            follows = self._text_at(number.end)
            is_one_character = number.end == place + 1 and len(self._tokens[place].text) == 1
            long = not is_one_character and number.value >= 10
            return number.value >= 2 and (follows in self._lexicon.measures or (number.multiplier > 1 and long))
        if number.multiplier > 1 or number.value >= 100:
            return True
        definite = before in self._lexicon.definite
        return number.value >= 1 and number.value != 1 and not definite and self._is_counted(number.end)

    def _is_accepted_alone(self, place: int, measure: Measure) -> bool:
        """Tell whether «миллион», «tusen» without a number before it is one."""
        if self._bound(place, place + 1) != "=":
            return True
        counted = self._text_at(place) in self._lexicon.lone_counted and self._is_counted(place + 1)
        return self._text_at(place) in self._lexicon.lone and (measure.unit is not None or counted)

    def _may_begin(self, place: int) -> bool:
        """Tell whether a number may begin here: nothing that makes it a name touches it on the left."""
        if place >= len(self._tokens):
            return False
        token = self._tokens[place]
        if not token.glued or place == 0:
            return True
        before = self._tokens[place - 1]
        if before.kind == "word":
            return is_han(before.text)
        return before.kind != "number" and before.text not in {
            "-",
            "/",
            ".",
            ":",
            "#",
            "_",
            "+",
            "×",
            "−",
            "=",
            "^",
            "@",
        }

    def _is_minus(self, place: int) -> bool:
        """Tell whether a minus stands here: nothing before it, a number touching it."""
        if self._text_at(place) not in _MINUS or not self._text_at(place) or not self._touches(place + 1):
            return False
        before = self._text_at(place - 1)
        return place == 0 or not self._tokens[place].glued or before in {"(", "$", "€"} or is_han(before)

    def _is_minus_in_words(self, place: int) -> bool:
        """Tell whether «minus» stands here and takes nothing off a number, nor is the half of «plus or minus»."""
        if self._text_at(place) not in self._lexicon.minus or self._is_glued_word(place):
            return False
        before = [self._text_at(place - 1), self._text_at(place - 2)]
        return not before[0].isdecimal() and not self._lexicon.plus & set(before)

    def _is_glued_word(self, place: int) -> bool:
        """Tell whether something touches a word on its left, in a language that writes spaces."""
        return self._touches(place) and not is_han(self._text_at(place)) and self._text_at(place - 1) not in '(«“"'

    def _is_glued_name(self, place: int) -> bool:
        """Tell whether letters touch the number on its right, as in «910C», «5G», «4-й», «A4-format»."""
        if not self._touches(place):
            return False
        after = self._tokens[place]
        if after.kind == "word":
            return not is_han(after.text)
        if after.kind == "number" or after.text in {"_", "\\", "^"}:
            return True
        if after.text == "." and self._touches(place + 1) and self._tokens[place + 1].kind == "word":
            return True
        if after.text in {"-", "/", ":"} and self._touches(place + 1):
            following = self._tokens[place + 1]
            if following.kind == "word":
                return following.text not in self._lexicon.suffixes
            return following.kind == "number"
        return False

    def _is_part_of_a_name(self, place: int) -> bool:
        token = self._tokens[place]
        return token.kind == "address" or (token.kind == "sign" and not self._begins_an_amount(place))

    def _begins_an_amount(self, place: int) -> bool:
        return self._is_minus(place) or self._lexicon.signs.at(self._forms, place) is not None

    def _is_labelled(self, place: int) -> bool:
        """Tell whether the word before makes a bare number a name: «глава 3», «No. 5», «Windows 10»."""
        before = place - 1
        if self._text_at(before) in {".", ":"}:
            if self._text_at(before) == "." and self._text_at(before - 1) not in self._lexicon.labels:
                return False
            before -= 1
        if before < 0 or self._tokens[before + 1].opens:
            return False
        token = self._tokens[before]
        if token.text in self._lexicon.labels:
            return True
        if before != place - 1 or token.kind != "word" or not token.capital or is_han(token.text):
            return False
        latin = token.text.isascii() or self._lexicon.language != "ru"
        opens = self._form(before) in self._lexicon.stop or self._lexicon.before.before(self._forms, place) is not None
        counted = self._lexicon.language == "ru" and self._is_counted(place + 1)
        return latin and not opens and not counted and len(self._tokens[place].text) <= 4

    def _is_ordinal(self, place: int) -> bool:
        """Tell «32. kongen», «5th», «20-й» from numbers."""
        if self._touches(place) and self._text_at(place) in self._lexicon.glued_ordinals:
            return True
        if self._text_at(place) == "-" and self._touches(place) and self._touches(place + 1):
            following = self._text_at(place + 1)
            return following in self._lexicon.ordinal_suffixes and following not in self._lexicon.suffixes
        if self._text_at(place) != "." or not self._touches(place) or place + 1 >= len(self._tokens):
            return False
        after = self._tokens[place + 1]
        if after.text == "-" and after.glued:
            return True  # «5.-plass»
        return after.kind == "word" and not after.capital and not after.opens and not after.glued

    def _is_day_of_month(self, place: int, end: int, number: Numeral) -> bool:
        """Tell «25日», the 25th, from «10日内», within ten days."""
        if self._text_at(end - 1) != "日" or not 1 <= number.value <= 31:
            return False
        return self._text_at(end)[:1] not in _WITHIN_DAYS and self._text_at(place - 1)[-1:] not in _FOR_DAYS

    def _is_list_marker(self, place: int, end: int) -> bool:
        return self._tokens[place].opens and self._text_at(end) in {".", ")"} and self._touches(end)

    def _is_of_a_score(self, place: int, number: Numeral) -> bool:
        """Tell whether a bare number falls behind a dash, or the one before it did: «2 – 1 after an hour»."""
        before, after = self._bare(place - 2), self._bare(number.end + 1)
        if before is not None and self._is_dash(place - 1):
            return before >= number.value
        return after is not None and self._is_dash(number.end) and number.value >= after

    def _bare(self, place: int) -> int | None:
        """Return the value of a number of one or two digits."""
        text = self._text_at(place)
        return int(text) if text.isdecimal() and len(text) <= 2 else None

    def _is_bracketed(self, place: int, end: int) -> bool:
        """Tell whether a bare number stands alone in brackets, as in «Comments (0)»."""
        return self._text_at(place - 1) == "(" and self._text_at(end) == ")"

    def _is_part_of_a_chain(self, place: int) -> bool:
        """Tell whether more digits hang on the number, as in a phone number, a score, a time, a version."""
        if place >= len(self._tokens) or not self._tokens[place].glued:
            return False
        is_joined = self._text_at(place) in {"-", "–", ":", "/", ".", "×", "x", "_", "*"} and self._touches(place + 1)
        return is_joined and self._tokens[place + 1].kind == "number"

    def _is_counted(self, place: int) -> bool:
        """Tell whether a word that can be counted stands at a place."""
        if place >= len(self._tokens):
            return False
        token = self._tokens[place]
        return token.kind == "word" and not token.opens and token.text not in self._lexicon.not_counted

    # --- tokens ---

    def _after_dot(self, end: int) -> int:
        """Return the place behind the dot of an abbreviation that ends before a place."""
        is_dot = self._text_at(end) == "." and self._touches(end)
        return end + 1 if is_dot and self._text_at(end - 1) in self._lexicon.abbreviations else end

    def _with_dot(self, end: int) -> int:
        """Take in the dot of an abbreviation («20 тыс.», «5 mill.»)."""
        if self._text_at(end) != "." or not self._touches(end):
            return end
        if self._text_at(end - 1) in self._lexicon.abbreviations:
            return end + 1
        following = self._tokens[end + 1] if end + 1 < len(self._tokens) else None
        goes_on = following is not None and not following.opens and not following.capital and following.kind == "word"
        return end + 1 if goes_on and self._tokens[end - 1].kind == "word" else end


def _negated(number: Numeral) -> Numeral:
    return number._replace(value=-number.value, literal=-number.literal)
