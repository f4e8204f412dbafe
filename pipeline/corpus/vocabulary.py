"""What the synthesiser says besides the keywords, so that a model learns to reject it."""

from __future__ import annotations

import numpy as np

COMMON_WORDS = tuple(
    """
    a about after again air all almost along also always and animal another answer any apple are arm around ask
    at aunt away baby back bad bag ball bank bath be bear beautiful because bed before begin behind bell below
    best better big bird black blue board boat body book both bottle box boy bread bring brother brown build
    busy but buy by call camera can car card careful cat chair change cheap chicken child city class clean clear
    clock close cloud coat coffee cold come cook cool corner could country cousin cow cup cut dance dark
    daughter day dear deep different dinner do doctor dog door down draw dream dress drink drive dry early earth
    easy eat egg eight eighteen eleven empty end enough even evening ever every eye face fall family far farm
    fast father feel few field fifteen fifty fine finger finish fire first fish five floor flower fly follow
    food foot for forest forget forty forward four friend from front fruit full funny game garden gentle get
    girl give glad glass go gold good grandmother grass great green ground grow guess guitar hair half hand
    happy hard hat have he head hear heart heavy hello help her here high him his holiday home hope horse
    hospital hot hour house how hundred hungry hurry ice idea if important in inside is it job juice jump just
    keep key kind kitchen kitten knife know lady lake lamp large last late laugh learn leave left leg lemon less
    letter light like line listen little long look lose lot loud love low lucky lunch machine make man many map
    market matter maybe me meet middle milk million minute mirror miss money month moon more morning mother
    mountain mouse mouth move much music must my name near neck need never new news next nice night nine
    nineteen no noise none north nose not nothing now number of off often oh okay old on one only open or orange
    other our out outside over page pair paper parent party pencil people perhaps person phone picture piece
    pink place plane plant play please pocket police poor potato pretty problem pull purple push put question
    quick quiet radio rain read ready really red remember rest rice rich ride right river road rock room round
    run sad salt same sand say school sea second see seven seventeen several she ship shirt shoe shop short
    should shoulder show sick side silver simple since sing sister sit six sixteen sky sleep slow small smart
    smile snow so soft some son song soon sorry sound soup south speak spell spoon spring stand star start
    station stay still stone stop story straight street strong student sugar summer sun sure sweet swim table
    take talk tall tea teacher tell ten thank that the their them then there these they thing think thirteen
    thirty this thousand three through ticket time tired to today together tomorrow too tooth top town toy train
    travel tree true try turn twelve twenty two umbrella uncle under until up use usually vegetable very view
    village visit voice volume wait walk wall want warm wash watch water way we weather week weekend well west
    wet what wheel when where which white who whole why wife wind window winter wish with without woman
    wonderful wood word work world worry would write wrong year yellow yes yesterday yet you young your zero amy
    anna benjamin carol cassandra daniel elena emily george hannah isabella jack james jasper jessica laura
    lucas maria martin melissa michael natalie oliver oscar patricia robert samantha sophia thomas victoria
    """.split()  # noqa: SIM905
)
"""Everyday words and first names; their sounds cover what a microphone at home hears."""

_PHRASE_SHARE = 0.35


def spoken(word: str) -> str:
    """How a folder or keyword name is said: underscores are pauses between words."""
    return word.replace("_", " ")


def other_words(keywords: tuple[str, ...], extra: tuple[str, ...]) -> tuple[str, ...]:
    """Common words, the recipe's own, and the single words of keyword phrases, without anything that is a keyword."""
    phrases = [spoken(keyword).lower() for keyword in keywords]
    parts = [part for phrase in phrases for part in phrase.split() if " " in phrase]
    words = dict.fromkeys([*(spoken(word).lower() for word in extra), *parts, *COMMON_WORDS])
    return tuple(word for word in words if word not in phrases)


def unknown_text(words: tuple[str, ...], keywords: tuple[str, ...], rng: np.random.Generator) -> str:
    """One word, or a phrase of two or three, that does not contain a keyword."""
    phrases = [f" {spoken(keyword).lower()} " for keyword in keywords]
    while True:
        count = int(rng.integers(2, 4)) if rng.random() < _PHRASE_SHARE else 1
        text = " ".join(words[i] for i in rng.integers(0, len(words), count))
        if not any(phrase in f" {text} " for phrase in phrases):
            return text
