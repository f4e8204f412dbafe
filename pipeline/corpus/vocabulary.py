"""What the synthesiser says besides the keywords, so that a model learns to reject it."""

from __future__ import annotations

import numpy as np

COMMON_WORDS = tuple(
    """
    a abandon about activity adventure after afternoon again agenda air alarm algebra all alligator almost along
    alphabet also always amazing ambulance and animal anniversary another answer any apartment apple appointment
    aquarium are area arm around article ask assistant at attention aunt avocado away baby back bad bag balcony
    ball banana bank bath battery be bear beautiful because bed before begin behind bell below best better
    bicycle big bird birthday biscuit black blanket blue board boat body book both bottle box boy bread bring
    broccoli brother brown build busy but butterfly buy by calendar call camera can candidate cappuccino car
    card careful carnival cat celebrate cereal chair champion change cheap chicken child chocolate cinema
    cinnamon city class clean clear clock close cloud coat coffee cold come company computing connection
    consider conversation cook cool corner corridor could country cousin cow cucumber cup customer cut dance
    dark daughter day dear decision deep delicious delivery department designer destination dictionary different
    difficult dinner dinosaur director disappointed do doctor document dog dominoes door down draw dream dress
    drink drive dry early earth easy eat education egg eight eighteen electricity elephant elevator eleven
    emergency empty end energy engineer enough envelope even evening ever every everybody example excellent
    exercise eye face fall family far farm fast father favourite february feel festival few field fifteen fifty
    fine finger finish fire first fish five floor flower fly follow food foot for forest forever forget forty
    forward four friend from front fruit full funny furniture game garden generally gentle get girl give glad
    glass go gold good gorilla government grandmother grass great green ground grow guess guitar guitarist hair
    half hamburger hand happy hard hat have he head hear heart heavy helicopter hello help her here high him his
    history holiday home hope horse hospital hot hour house how hundred hungry hurry ice idea identity if
    imagination imagine important in incredible information inside instrument interesting introduce is it
    january jewellery job journey juice july jump juniper just kangaroo keep key kind kitchen kitten knife know
    laboratory lady lake lamp large last late laugh lavender learn leave left leg lemon lemonade less letter
    library light like line listen little location long look lose lot loud love low lucky lunch machine magazine
    make man manager many map market matter maybe me medicine meet melody memory microwave middle milk million
    minister minute mirror miss money monitor month moon more morning mosquito mother motorcycle mountain mouse
    mouth move much museum music musical must my mystery name natural near neck need negative never new news
    next nice night nine nineteen no noise none north nose not nothing november now number october octopus of
    off often oh okay old on one only open operator opposite or orange orchestra ordinary original other our out
    outside over oxygen page pair paper paragraph parent party passenger pencil people perhaps person pharmacy
    phone photograph piano picture piece pineapple pink place plane plant play please pocket police policeman
    politics poor popular position positive possible potato president pretty principal problem producer
    professor promising propeller pull purple push put quality quantity quarter question quick quiet radiator
    radio rain raspberry read ready really recipe red refrigerator relative remember reservation rest restaurant
    rice rich ride right river road rock room round run sad salt same sand satellite saturday say scenario
    school sea second secretary see september serious seven seventeen several she ship shirt shoe shop short
    should shoulder show sick side signature silver simple simulator since sing sister sit six sixteen skeleton
    sky sleep slow small smart smile snow so soft solution some son song soon sorry sound soup south spaghetti
    speak speaker spectacular spell spoon spring stadium stand star start station stay still stone stop story
    straight strawberry street strong student studio submarine suddenly sugar summer sun supermarket sure
    surprising sweet swim table take talk tall tangerine tea teacher technology telephone television tell
    temperature ten thank that the theatre their them then there thermometer these they thing think thirteen
    thirty this thousand three through ticket time tired to tobacco today together tomato tomorrow too tooth top
    town toy tractor tradition train transportation travel tree true try turn twelve twenty two umbrella uncle
    under uniform universe university until up use usually vacation vanilla vegetable vegetarian very video view
    village violin visit visitor voice volcano volume volunteer wait walk wall want warm wash watch water
    waterfall way we weather wednesday week weekend well west wet what wheel when where which white who whole
    why wife wind windmill window winter wish with without woman wonderful wood word work world worry would
    write wrong xylophone year yellow yes yesterday yet yoghurt you young your zebra zero
    abigail adriana alejandro amy andrea angela anna arthur barbara beatrice benjamin camilla carol caroline
    cassandra cecilia christopher claudia daniel dominic dorothy edward eleanor elena emily felicia fernando
    francesca frederick gabriel george gloria hannah harrison helena isaac isabella jack james jasper jennifer
    jeremy jessica jonathan josephine julia katherine laura leonardo lilian lorenzo lucas lucia madeleine
    margaret maria marina martin matilda melissa michael miranda monica natalie nicholas oliver olivia oscar
    pamela patricia penelope philippa rebecca robert roberto rosemary sabrina samantha sebastian serena silvia
    sophia susanna tabitha theodore thomas valentina vanessa veronica victoria vincent vivian william yolanda
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
