"""The formulas of the page, in MathML: browsers draw them and screen readers speak them, without scripts."""

from __future__ import annotations

from html import escape

from impasto.inspection.languages import number, t


def i(name: str) -> str:
    return f"<mi>{escape(name)}</mi>"


def o(sign: str) -> str:
    return f"<mo>{escape(sign)}</mo>"


def n(number: object) -> str:
    return f"<mn>{escape(str(number))}</mn>"


def text(words: str) -> str:
    return f"<mtext>{escape(words)}</mtext>"


def row(*parts: str) -> str:
    return f"<mrow>{''.join(parts)}</mrow>"


def sub(base: str, index: str) -> str:
    return f"<msub>{base}{index}</msub>"


def sup(base: str, index: str) -> str:
    return f"<msup>{base}{index}</msup>"


def both(base: str, below: str, above: str) -> str:
    return f"<msubsup>{base}{below}{above}</msubsup>"


def fraction(above: str, below: str) -> str:
    return f"<mfrac>{above}{below}</mfrac>"


def total(below: str) -> str:
    return f"<munder><mo>∑</mo>{below}</munder>"


def brackets(*parts: str) -> str:
    return row(o("("), *parts, o(")"))


def shown(*parts: str, label: str) -> str:
    """Return a formula on its own line. It scrolls sideways if it is wider than a phone."""
    return (
        f'<div class="formula" tabindex="0" role="group" aria-label="{escape(label, quote=True)}">'
        f'<math display="block">{row(*parts)}</math></div>'
    )


def inline(*parts: str) -> str:
    return f"<math>{row(*parts)}</math>"


L = sub(i("ℒ"), text(t("total")))
L_CONTENT = sub(i("ℒ"), text(t("content")))
L_STYLE = sub(i("ℒ"), text(t("style")))
F = sup(i("F"), i("l"))
P = sup(i("P"), i("l"))
G = sup(i("G"), i("l"))
A = sup(i("A"), i("l"))
IK, JK, IJ = row(i("i"), i("k")), row(i("j"), i("k")), row(i("i"), i("j"))


def at(letter: str, index: str) -> str:
    """Return one entry of a layer's matrix: F with ``index`` below and l above."""
    return both(i(letter), index, i("l"))


def preprocessing(scale: float, mean: tuple[float, ...], std: tuple[float, ...]) -> str:
    def listed(values: tuple[float, ...]) -> str:
        different = dict.fromkeys(f"{v:g}" for v in values)
        return "; ".join(map(number, different))

    above = row(n(number(f"{scale:g}")) if scale != 1 else "", i("x"), o("−"), i("μ"))
    words = text(f",   μ = {listed(mean)},   σ = {listed(std)}")
    return shown(
        sup(i("x"), o("′")), o("="), fraction(above, i("σ")), words, label=t("what the network is given")
    )


def layer() -> str:
    before = sup(i("F"), row(i("l"), o("−"), n(1)))
    inside = brackets(sup(i("W"), i("l")), o("∗"), before, o("+"), sup(i("b"), i("l")))
    return shown(F, o("="), i("ρ"), inside, label=t("one layer from the one before"))


def content_of_paper() -> str:
    difference = sup(brackets(at("F", IK), o("−"), at("P", IK)), n(2))
    return shown(
        L_CONTENT, o("="), fraction(n(1), n(2)), total(row(i("i"), o(","), i("k"))), difference,
        label=t("content loss, Gatys et al. 2016, equation 1"),
    )  # fmt: skip


def content_relative() -> str:
    sums = total(row(i("i"), o(","), i("k")))
    above = row(sums, sup(brackets(at("F", IK), o("−"), at("P", IK)), n(2)))
    below = row(sums, sup(brackets(at("P", IK)), n(2)))
    return shown(L_CONTENT, o("="), fraction(above, below), label=t("relative content loss"))


def gram() -> str:
    mean = fraction(n(1), sub(i("M"), i("l")))
    return shown(
        at("G", IJ), o("="), mean, total(i("k")), at("F", IK), at("F", JK), label=t("the Gram matrix")
    )


def style_of_paper() -> str:
    squares = row(total(IJ), sup(brackets(at("G", IJ), o("−"), at("A", IJ)), n(2)))
    one = row(n(4), both(i("N"), i("l"), n(2)))
    return shown(
        L_STYLE, o("="), total(i("l")), sub(i("w"), i("l")), fraction(n(1), one), squares,
        label=t("style loss, Gatys et al. 2016, equations 4 and 5"),
    )  # fmt: skip


def style_relative() -> str:
    above = row(total(IJ), sup(brackets(at("G", IJ), o("−"), at("A", IJ)), n(2)))
    below = row(total(IJ), sup(brackets(at("A", IJ)), n(2)))
    return shown(
        L_STYLE, o("="), total(i("l")), sub(i("w"), i("l")), fraction(above, below),
        label=t("relative Gram loss"),
    )  # fmt: skip


def style_wasserstein() -> str:
    means = sup(row(o("‖"), i("m"), o("−"), i("b"), o("‖")), n(2))
    half = fraction(n(1), n(2))
    inner = sup(brackets(sup(i("B"), half), i("C"), sup(i("B"), half)), half)
    trace = row(i("tr"), brackets(i("C"), o("+"), i("B"), o("−"), n(2), inner))
    below = sup(row(o("‖"), i("b"), o("‖")), n(2))
    return shown(
        L_STYLE, o("="), total(i("l")), sub(i("w"), i("l")),
        fraction(row(means, o("+"), trace), row(below, o("+"), i("tr"), i("B"))),
        label=t("Wasserstein style loss"),
    )  # fmt: skip


def whole(content: float, style: float, smooth: float) -> str:
    parts = [i("α"), L_CONTENT, o("+"), i("β"), L_STYLE]
    words = f",   α = {number(f'{content:g}')},   β = {number(f'{style:g}')}"
    if smooth:
        parts += [o("+"), i("γ"), sub(i("ℒ"), text(t("smooth")))]
        words += f",   γ = {number(f'{smooth:g}')}"
    return shown(L, o("="), *parts, text(words), label=t("the total loss"))


def step() -> str:
    slope = fraction(row(o("∂"), L), row(o("∂"), i("x")))
    return shown(i("x"), o("←"), i("x"), o("−"), i("η"), i("H"), slope, label=t("one step of the optimiser"))
