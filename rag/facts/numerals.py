"""Numbers as texts write them: «5 700 000», «1.234.567,89», «4万亿», «полтора миллиона», «half a million»."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from rag.facts.lexicon import Lexicon, Token

_LONGEST = 30  # digits; what is longer is no quantity, and nobody shall wait for it
_SEPARATOR = re.compile(r"[^\d]")
_INDIAN = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?")
_HALF = Decimal("0.5")

_HAN_DIGITS = {character: number for number, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN_TENS = {"十": 10, "百": 100, "千": 1000}
_HAN_DECIMALS = re.compile(f"(?P<digits>[{''.join(_HAN_DIGITS)}]+)(?P<rest>.*)")
_HAN_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8, "兆": 10**12}
_FRACTIONS = {"½": "0.5", "¼": "0.25", "¾": "0.75"}
_HALVES, _HUNDREDTH = {"2", "4"}, Decimal("0.01")  # what a fraction in digits may be divided by: «2 1/2»
_TIMES, _SUPERSCRIPTS = {"×", "x", "х", "·", "⋅", "*"}, str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_SHIRT = {"t", "т"}  # what behind a space is no thousand or trillion: «$20 T-shirts»


class Numeral(NamedTuple):
    """A number and where it ends among the tokens."""

    value: Decimal
    step: Decimal  # the value of the last place written
    end: int
    literal: Decimal  # without multipliers
    multiplier: Decimal  # 1 without any
    in_words: bool
    vague: bool = False  # «100多»: somewhat more


class Numerals:
    """Reads the numbers among tokens in one language."""

    def __init__(self, lexicon: Lexicon, tokens: Sequence[Token], forms: Sequence[str]) -> None:
        self._lexicon = lexicon
        self._tokens = tokens
        self._forms = forms

    def at(self, place: int, *, of_money: bool = False) -> Numeral | None:
        """Return the number that begins at a token. `of_money`: a sign of money stands before it."""
        first = self._simple(place)
        if first is None:
            return None
        number = self._multiplied(first, of_money)
        return self._compound(number) if number.multiplier > 1 else number

    def _simple(self, place: int) -> Numeral | None:
        if place >= len(self._tokens):
            return None
        token = self._tokens[place]
        if token.kind == "number":
            return self._digits(place)
        if token.kind == "han":
            return self._han(place)
        if token.text in _FRACTIONS:
            value = Decimal(_FRACTIONS[token.text])
            return Numeral(value, Decimal("0.01"), place + 1, value, Decimal(1), False)
        return self._words(place) if token.kind == "word" else None

    def _digits(self, place: int) -> Numeral | None:
        written = literal(self._tokens[place].text, self._lexicon)
        if written is None:
            return None
        value, step = written
        number = Numeral(value, step, place + 1, value, Decimal(1), False)
        return self._and_a_fraction(number) if step == 1 else number

    def _and_a_fraction(self, number: Numeral) -> Numeral:
        """Add the fraction of «2½» and «2 1/2»."""
        texts = [token.text for token in self._tokens[number.end : number.end + 3]]
        if texts[:1] and texts[0] in _FRACTIONS:
            fraction, end = Decimal(_FRACTIONS[texts[0]]), number.end + 1
        elif self._is_fraction(number.end, texts):
            fraction, end = Decimal(texts[0]) / Decimal(texts[2]), number.end + 3
        else:
            return number
        value = number.value + fraction
        return number._replace(value=value, literal=value, step=_HUNDREDTH, end=end)

    def _is_fraction(self, place: int, texts: Sequence[str]) -> bool:
        if len(texts) < 3 or texts[1] != "/" or texts[2] not in _HALVES or texts[0] not in {"1", "3"}:
            return False
        glued = [token.glued for token in self._tokens[place : place + 4]]
        return glued[:3] == [False, True, True] and not any(glued[3:]) and texts != ["3", "/", "2"]

    # --- multipliers ---

    def _multiplied(self, number: Numeral, of_money: bool) -> Numeral:
        number = self._and_a_half(number)
        end, multiplier, vague = number.end, Decimal(1), False
        while True:
            more = self._lexicon.after.at(self._forms, end)  # «100多万», «5 с лишним миллионов»
            if more and more[0] == ">" and self._multiplier(more[1], of_money):
                end, vague = more[1], True
            found = self._multiplier(end, of_money)
            if found is None:
                break
            multiplier *= found[0]
            end = found[1]
        if multiplier == 1:
            return number
        return number._replace(
            value=number.value * multiplier,
            step=number.step * multiplier,
            end=end,
            multiplier=multiplier,
            vague=vague,
        )

    def _multiplier(self, place: int, of_money: bool) -> tuple[Decimal, int] | None:
        if place >= len(self._tokens):
            return None
        token = self._tokens[place]
        if token.kind == "han":
            value = _han_multiplier(token.text)
            return (value, place + 1) if value else None
        if token.opens:
            return None
        if token.text in _TIMES:
            return self._power_of_ten(place + 1)
        if token.text in self._lexicon.glued:
            if behind := self._before_money(place + 1):
                return Decimal(1000), behind
            told = of_money or token.capital != (token.text == "k")  # «14M» and «20k»; «4K» is a screen
            is_near = token.glued or (of_money and token.text not in _SHIRT)
            if not (is_near and told) or self._is_glued_on(place, token.glued):
                return None
        return self._lexicon.multipliers.at(self._forms, place)

    def _before_money(self, place: int) -> int | None:
        """Return the place of a short word for money behind a letter and its dot: «5 т. р.», «5 т.руб.»."""
        if self._lexicon.language != "ru":
            return None
        following = place + (place < len(self._tokens) and self._tokens[place].text == ".")
        is_money = self._lexicon.currencies.at(self._forms, following) and not self._tokens[following].capital
        return following if is_money and self._tokens[following].text in self._lexicon.abbreviations else None

    def _power_of_ten(self, place: int) -> tuple[Decimal, int] | None:
        """Read «10⁹» and «10^9» of «3.5 × 10⁹»."""
        texts = [token.text for token in self._tokens[place : place + 3]]
        if len(texts) < 2 or texts[0] != "10" or not self._tokens[place + 1].glued:
            return None
        power, end = (texts[2], place + 3) if texts[1] == "^" and len(texts) > 2 else (texts[1], place + 2)
        exponent = power.translate(_SUPERSCRIPTS)
        if power.isdecimal() != (texts[1] == "^") or not exponent.isdecimal() or len(exponent) > 2:
            return None
        return Decimal(10) ** int(exponent), end

    def _is_glued_on(self, place: int, is_glued: bool) -> bool:
        """Tell whether more touches the token: letters or digits («5M2»), behind a space anything («$9 M-series»)."""
        following = self._tokens[place + 1] if place + 1 < len(self._tokens) else None
        if following is None or not following.glued:
            return False
        return following.kind in {"number", "word"} or (not is_glued and following.text in {"-", "/", "'", "’"})

    def _and_a_half(self, number: Numeral) -> Numeral:
        found = self._lexicon.and_a_half.at(self._forms, number.end)
        if not found:
            return number
        value = number.literal + _HALF
        return number._replace(value=value, literal=value, step=_HALF, end=found[1])

    def _compound(self, number: Numeral) -> Numeral:
        """Add what follows in smaller units: «1亿2000万», «5 млн 300 тыс.»."""
        while (following := self._simple(number.end)) and not self._tokens[number.end].opens:
            rest = self._multiplied(following, of_money=False)
            is_less = rest.multiplier < number.multiplier and rest.value < number.multiplier
            if rest.in_words != number.in_words or not is_less or not (rest.multiplier > 1 or rest.in_words):
                break
            number = rest._replace(value=number.value + rest.value, literal=number.literal)
        return number

    # --- words ---

    def _words(self, place: int) -> Numeral | None:
        tokens, lexicon = self._tokens, self._lexicon
        article = tokens[place].text in lexicon.half_articles and place + 1 < len(tokens)
        if tokens[place + article].text in lexicon.halves:
            return self._half(place + article)
        if tokens[place].text in lexicon.lone | lexicon.lone_bounded:
            return self._lone(place)
        current, last, end = Decimal(0), Decimal(0), place
        while (value := self._value(following := self._past_joint(end, current))) is not None:
            is_hundred = tokens[following].text in lexicon.hundreds
            summed = _joined(current, value, is_hundred) if end > place else value
            if summed is None:
                break
            current, last, end = summed, value, following + 1
        if end == place:
            return None
        return Numeral(current, _place_value(current, last), end, current, Decimal(1), True)

    def _past_joint(self, place: int, current: Decimal) -> int:
        """Return the place behind what joins number words: a hyphen («twenty-five»), «and» («hundred and five»)."""
        if not current or place >= len(self._tokens):
            return place
        token = self._tokens[place]
        is_joint = (token.text == "-" and token.glued) or (token.text in self._lexicon.joins and current >= 100)
        return place + is_joint

    def _value(self, place: int) -> Decimal | None:
        if place >= len(self._tokens):
            return None
        text = self._tokens[place].text
        return Decimal(100) if text in self._lexicon.hundreds else self._lexicon.numerals.get(text)

    def _lone(self, place: int) -> Numeral | None:
        """Read «миллион», «tusen» that no number stands before."""
        found = self._lexicon.multipliers.at(self._forms, place)
        return Numeral(found[0], found[0], found[1], Decimal(1), found[0], True) if found else None

    def _half(self, place: int) -> Numeral | None:
        """Read «half a million», «en halv million»: half of something must follow."""
        following = place + 1
        if following < len(self._tokens) and self._tokens[following].text in self._lexicon.half_articles:
            following += 1
        if not self._lexicon.multipliers.at(self._forms, following):
            return None
        return Numeral(_HALF, _HALF, following, _HALF, Decimal(1), True)

    # --- Chinese numerals ---

    def _han(self, place: int) -> Numeral | None:
        value = han_value(self._tokens[place].text)
        if value is None:
            return None
        if decimals := self._han_decimals(place, value):
            return decimals
        last = self._tokens[place].text[-1]
        step = Decimal(_HAN_TENS.get(last, _HAN_MYRIADS.get(last, 1)))
        multiplier = Decimal(_HAN_MYRIADS.get(last, 1))
        return Numeral(value, step, place + 1, value, multiplier, True)

    def _han_decimals(self, place: int, whole: Decimal) -> Numeral | None:
        """Read «三点五亿»; without a multiplier or a unit it is the time of a day."""
        if place + 2 >= len(self._tokens) or self._tokens[place + 1].text != "点":
            return None
        match = _HAN_DECIMALS.fullmatch(self._tokens[place + 2].text)
        if not match or whole != whole.to_integral_value():
            return None
        digits = "".join(str(_HAN_DIGITS[character]) for character in match["digits"])
        value, step = whole + Decimal(f"0.{digits}"), Decimal(1).scaleb(-len(digits))
        factor = _han_multiplier(match["rest"])
        behind = self._lexicon.units.at(self._forms, place + 3) or self._lexicon.currencies.at(self._forms, place + 3)
        before = self._tokens[place - 1].text if place else ""
        if factor is None or (factor == 1 and not behind and before != "百分之"):
            return None
        return Numeral(value * factor, step * factor, place + 3, value, factor, True)


def _joined(current: Decimal, value: Decimal, is_hundred: bool) -> Decimal | None:
    """Return what a number word makes of the ones before it, None where it begins a number of its own."""
    if is_hundred and 0 < current < 100:
        return current * 100
    return current + value if _fits(current, value) else None


def _fits(current: Decimal, value: Decimal) -> bool:
    """Tell whether a number word goes on a number: «двадцать» + «пять», «сто» + «пять», not «пять» + «шесть»."""
    if value < 10:
        return current % 10 == 0 and current % 100 != 10 and current > 0
    return value < 100 and current >= 100 and current % 100 == 0


def _place_value(value: Decimal, last: Decimal) -> Decimal:
    if value != value.to_integral_value():
        return _HALF
    return Decimal(100) if last == 100 else Decimal(10) if last >= 20 and last % 10 == 0 else Decimal(1)


def literal(text: str, lexicon: Lexicon) -> tuple[Decimal, Decimal] | None:
    """Return the value of a number in digits and that of its last place; None if it is no number (a version, a date).

    Signs between digits that allow one reading only are read so in every language; the language decides on «1.234».
    """
    if len(text) > _LONGEST:
        return None
    separators = _SEPARATOR.findall(text)
    if not separators:
        return Decimal(text), Decimal(1)
    groups = _SEPARATOR.split(text)
    if not _is_number(text, separators, groups, lexicon):
        return None
    has_decimals = _has_decimals(separators, groups, lexicon) and not _is_indian_integer(text)
    whole = "".join(groups[:-1] if has_decimals else groups)
    decimals = groups[-1] if has_decimals else ""
    return Decimal(f"{whole}.{decimals}" if decimals else whole), Decimal(1).scaleb(-len(decimals))


def _is_number(text: str, separators: list[str], groups: list[str], lexicon: Lexicon) -> bool:
    if _INDIAN.fullmatch(text):
        return True
    decimals = _has_decimals(separators, groups, lexicon)
    grouping, grouped = (separators[:-1], groups[:-1]) if decimals else (separators, groups)
    if len({_blank(sign) for sign in grouping}) > 1 or (decimals and grouping and separators[-1] == grouping[-1]):
        return False
    if grouping and (not 1 <= len(grouped[0]) <= 3 or any(len(group) != 3 for group in grouped[1:])):
        return False
    return not (decimals and separators[-1] not in ".,")


def _has_decimals(separators: list[str], groups: list[str], lexicon: Lexicon) -> bool:
    """Tell whether the last sign is a decimal one."""
    last = separators[-1]
    if last not in ".,":
        return False
    if len(groups[-1]) != 3 or groups[0].startswith("0") or len(groups[0]) > 3:
        return len(separators) == 1 or last != separators[0]
    if len(separators) > 1:
        return last != separators[0]
    return last == lexicon.decimal or (last == "." and not lexicon.dot_groups)


def _is_indian_integer(text: str) -> bool:
    return bool(_INDIAN.fullmatch(text)) and "." not in text


def _blank(sign: str) -> str:
    return " " if sign.isspace() else "'" if sign == "’" else sign


def _han_multiplier(text: str) -> Decimal | None:
    """Return the value of a run of Chinese multipliers («万亿»), None of any other numeral."""
    value = Decimal(1)
    for character in text:
        factor = _HAN_TENS.get(character) or _HAN_MYRIADS.get(character)
        if factor is None or (factor == 10 and len(text) == 1):
            return None
        value *= factor
    return value


def han_value(text: str) -> Decimal | None:
    """Return the value of a Chinese numeral, None when the characters make none.

    >>> han_value("两千三百万"), han_value("二〇二六"), han_value("万一")
    (Decimal('23000000'), Decimal('2026'), None)
    """
    if len(text) > _LONGEST:
        return None
    if len(text) > 1 and all(character in _HAN_DIGITS for character in text):
        return Decimal("".join(str(_HAN_DIGITS[character]) for character in text))
    total, section, digit = Decimal(0), Decimal(0), None
    ceiling = None
    for character in text:
        if character == "半":
            return Decimal("0.5") if text == "半" else None
        if character in _HAN_DIGITS:
            if digit:
                return None
            digit = _HAN_DIGITS[character]
        elif character in _HAN_TENS:
            section += (digit if digit is not None else 1) * _HAN_TENS[character]
            digit = None
        else:
            section += digit or 0
            if not section and not total:
                return None
            factor = _HAN_MYRIADS[character]
            if ceiling is not None and factor > ceiling:
                total = (total + section) * factor
            else:
                total += section * factor
            section, digit, ceiling = Decimal(0), None, factor
    return total + section + (digit or 0)
