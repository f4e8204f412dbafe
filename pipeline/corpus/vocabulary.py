"""What the synthesiser says besides the keywords, so that a model learns to reject it."""

from __future__ import annotations

import hashlib

import numpy as np

from pipeline.corpus.data import SplitName

COMMON_WORDS = tuple(
    """
    a abandon about absent absolute academy accept accident account accountant ache achieve acid acorn across
    activity actor actually add admire admit adopt adult advance advantage adventure advertise advice affair afford
    afraid after afternoon again against age agenda agree ahead air airplane airport aisle alarm algebra all alley
    alligator allow almost alone along alphabet already also altitude aluminium always amateur amazing ambulance
    amount anchor ancient and angle angry animal ankle anniversary announce annoy another answer ant antique anxious
    any apartment apologise apparent applaud apple apply appointment approach apricot april apron aquarium arcade
    arch architect are area argue arm around arrange arrest arrive arrow article artist ash ask asleep asparagus
    assemble assistant at athlete atlas attach attack attempt attention attic auction audience august aunt author
    autumn average avocado avoid awake award aware away awful axe baby back bacon bad badge bag bagel bake baker
    balcony ball ballet balloon bamboo banana band bandage bang bank bar barber bare bargain bark barn barrel base
    basement basic basket bat bath battery be bean bear beard beat beautiful beaver because bed before beg begin
    behave behind believe bell belong below belt bench bend berry best bet better beyond bicycle big bike bill
    biology bird birthday biscuit bite bitter black blame blanket blast bleed blend bless blind blink blood blouse
    blow blue board boat body boil bold bolt bomb bone bonus book boot border bored borrow boss both bother bottle
    bottom bounce bow bowl box boy brain brake branch brave bread break breakfast breathe breeze brick bride bridge
    brief bright bring broad broccoli broken broom brother brown brush bubble bucket budget bug build bullet bunch
    bundle burger burn bus bush busy but butcher butterfly button buy buzz by cabbage cabin cabinet cable cactus
    cage cake calculate calendar calf call calm camel camera camp can canal cancel candidate candle cap cappuccino
    captain capture car caramel carbon card careful carnival carpenter carpet carrot carry cart cartoon carve case
    cash castle cat catch cattle cause cave ceiling celebrate celery cell cellar cement century cereal ceremony
    certain chain chair chalk challenge chamber champion chance change chapter charge charity chart chase chat cheap
    cheek cheer cheese chef cherry chess chest chew chicken chief child chimney chin chip chocolate choice choir
    choose chop chorus church cinema cinnamon circle circus city civil claim clap class classic claw clay clean
    clear clerk clever cliff climb clip clock close clothes cloud clown club clue coach coal coast coat cobweb
    coconut code coffee coin cold collar collect college comb come comedy comfort comic command committee common
    company compare compass compete complain complete computing concert concrete confuse connection conscious
    consider constant contain contest contract control conversation cook cool copper copy coral cord cork corn
    corner correct corridor cost costume cottage cotton couch cough could count country couple courage course court
    cousin cover cow crab crack cradle crane crash crawl crayon crazy cream create creature credit creek crew
    cricket crime crisp crop cross crow crowd crown cruel crumb crush cry crystal cube cucumber culture cup cupboard
    cure curious curl curtain curve cushion custom customer cut cycle daily dairy daisy damage damp dance danger
    dare dark dash date daughter dawn day dead deaf deal dear debate debt decade decision decorate deep deer defend
    degree delay delicious deliver delivery demand dentist deny department deposit depth describe desert deserve
    designer desk dessert destination detail detect develop diamond diary dice dictionary diet different difficult
    dig dinner dinosaur director dirt disagree disappointed disco discount discuss disease dish disk distance ditch
    dive divide dizzy do doctor document dog dolphin dominoes donkey door double doubt dough down dozen drag dragon
    drain drama draw drawer dream dress drift drill drink drip drive drop drought drown drum dry duck dull dust duty
    dwarf eager eagle early earn earring earth earthquake east easy eat echo eclipse edge edit education effect
    effort egg eight eighteen eighty elbow elect electric electricity elegant elephant elevator eleven embarrass
    embrace emergency employ empty enable end enemy energy engineer enjoy enormous enough enter entertain entire
    envelope equal equator erase error escape essay estimate europe even evening ever every everybody evil exact
    exam example excellent excite excuse exercise exit expand expect expensive experience expert explain explode
    explore express extra extreme eye fabric face factory fade fail faint fair fairy faith fake fall false fame
    family famous fan fancy far fare farm fashion fast fat father fault favourite fear feather february feed feel
    fence ferry festival fever few fiction field fifteen fifty fight figure file fill film filter final find fine
    finger finish fire fireplace firm first fish fist fit five fix flag flame flash flat flavour flea fleet flesh
    flight float flood floor flour flow flower flu fluffy flute fly foam fog fold folk follow fond food fool foot
    for force foreign forest forever forget fork form fortune forty forward fossil fountain four fox fragile frame
    freedom freeze freight frequent fresh fridge friend frog from front frost frown frozen fruit fruitful fry fuel
    full fun funny fur furniture future gallery gallop game gap garage garbage garden garlic gas gate gather general
    generally generous genius gentle gentleman genuine geography get ghost giant gift ginger giraffe girl give glad
    glass globe gloomy glory glove glow glue go goal goat gold good goose gorilla gossip government grab grade grain
    grammar grand grandfather grandmother grape graph grasp grass grave gravity great greedy green greet grief grill
    grin grip grocery ground group grow growl guard guess guest guide guilty guitar guitarist gum gun gym habit hail
    hair half hamburger hammer hamster hand handle hang happy harbour hard harm harvest haste hat hate haunt have
    hawk hay hazard he head heal health heap hear heart heat heavy hedge heel height helicopter hello helmet help
    her herb here hero hide high highway hill him hint hire his history hobby hold hole holiday hollow home honest
    honey hook hop hope horizon horn horror horse hose hospital host hot hotel hour house how hug huge human humble
    humour hundred hunger hungry hunt hurry hurt husband hut ice icicle idea identity if ill illness imagination
    imagine important impossible improve in inch include income increase incredible indeed index indoor industry
    infant infect inform information injure ink insect inside inspect install instant instrument insult insurance
    intend interesting internet interview introduce invade invent invite iron is island it itch ivory jacket jail
    jam january jar jaw jazz jealous jelly jet jewel jewellery job join joke journey joy judge jug juice july jump
    jungle junior juniper jury just justice kangaroo keep kettle key kick kidney kind king kiss kitchen kite kitten
    knee knife knit knock knot know knowledge label laboratory labour lace ladder lady lag lake lamb lamp land lane
    language lap laptop large last late laugh laundry lavender law lawn lawyer lay layer lazy lead leaf leak lean
    leap learn leather leave lecture left leg lemon lemonade lend length less lesson letter level liar liberty
    library licence lid lie life lift light like limb limit line lion lip liquid listen litter little liver load
    loaf loan lobster location lock log lonely long look loose lorry lose lot lottery loud love low loyal lucky
    luggage lunch lung luxury machine magazine magic magnet maid mail main major make male man manager mango manner
    many map marble march margin mark market marriage marvel mask mass master mat match mate mathematics matter
    maximum may maybe mayor me meal mean measure meat mechanic medal medicine meet melody melt member memory mend
    mental menu mercy mess message metal method microwave middle mile milk mill million mind mine minister mint
    minute mirror miserable miss mission mist mistake mix model modern modest moment money monitor monkey monster
    month mood moon mop moral more morning mosquito moss most mother motion motor motorcycle mountain mouse mouth
    move much mud muffin mug mule muscle museum mushroom music musical must mustard mutual my mystery nail naked
    name nap narrow nasty nation natural navy near neat neck need needle negative neighbour neither nephew nerve
    nest net nettle never new news next nice night nine nineteen no noble nod noise none noodle normal north nose
    not notebook nothing notice novel november now number nurse nut nylon oak oar oatmeal obey object oblige observe
    obtain obvious occasion ocean october octopus odd of off offer office officer official often oh oil okay old
    olive omelette on one onion only open operator opinion oppose opposite optimist or orange orbit orchard
    orchestra order ordinary organ original ostrich other otter ought ounce our out outside oven over owe owl own
    owner oxygen oyster pack paddle page pain paint pair palace pale palm pan pancake panda panic pants papaya paper
    parade paragraph parcel pardon parent park parrot part partner party pass passenger passport past pasta paste
    pastry patch path patient pattern pause pave paw pay pea peace peach peak peanut pearl pebble peel pencil people
    pepper perfect perform perfume perhaps permit person pest pet petal petrol pharmacy philosophy phone photograph
    physics piano pick pickle picnic picture pie piece pig pigeon pile pill pillow pilot pin pinch pine pineapple
    pink pint pioneer pipe pirate pistol pit pitch pity pizza place plain plan plane planet plant plaster plastic
    plate platform play please pleasure plenty plot plough plug plum plumber plus pocket poem poet point poison pole
    police policeman polish polite politics pond pony pool poor pop popular porch pork port position positive
    possible post pot potato poultry pound pour powder power practice praise pray preach prefer prepare present
    president press pretend pretty prevent price pride priest prince principal print prison private prize problem
    producer professor profit program progress promising proof propeller proper protect protest proud prove public
    pudding pull pump pumpkin punch punish pupil puppet puppy pure purple purpose purse push put puzzle pyramid
    quality quantity quarrel quarter queen question queue quick quiet quilt quit quote rabbit race rack radiator
    radio radish raft rage railway rain raise raisin rank rapid rare raspberry rat rattle raw ray razor reach read
    ready real really reason receive recipe record recover red reduce refrigerator refuse region regret regular
    reject relative relax rely remain remark remember remind remote remove rent repair repeat reply report reptile
    request rescue research reservation resist respect rest restaurant result return reveal review reward rhyme
    rhythm rib ribbon rice rich riddle ride right ring rinse ripe rise risk rival river road roar roast rob robin
    rock rocket rod role roll roof room root rope rose rotten rough round route row royal rub rubber rubbish rude
    rug rugby ruin rule run rural rush rust sack sad saddle safe sail sailor salad salary sale salmon salon salt
    same sand sandal satellite saturday sauce sausage save saw say scale scar scare scarf scatter scenario school
    science scissors score scout scrap scratch scream screen screw sea seal search season seat second secretary
    section see seed seem seldom select sell senate send sense sentence separate september series serious servant
    serve settle seven seventeen several severe sew shade shadow shake shallow shame shape share shark sharp shave
    she shed sheep sheet shelf shell shelter shield shine ship shirt shiver shock shoe shoot shop shore short should
    shoulder shout shovel show shower shrimp shut shy sick side siege sigh sight sign signature silent silk silly
    silver simple simulator sin since sing sink sip siren sister sit six sixteen size skate skeleton sketch skill
    skin skip skirt skull sky slave sleep sleeve slice slide slip slope slow small smart smash smell smile smoke
    smooth snack snail snake sneeze snow so soap soccer social sock soda sofa soft soil soldier solid solution solve
    some son song soon sore sorrow sorry sort soul sound soup sour source south space spade spaghetti spare spark
    speak speaker spectacular speech speed spell spend spice spider spill spin spinach spirit spit splash split
    sponge spoon sport spot spray spread spring square squeeze squirrel stable stadium staff stage stair stamp stand
    star stare start starve state station statue stay steady steal steam steel steep stem step stick stiff still
    sting stir stock stomach stone stool stop storage storm story stove straight strange straw strawberry stream
    street stress stretch strict strike string strip stripe stroke strong struggle student studio stuff stupid style
    subject submarine succeed suck suddenly suffer sugar suit summer sun sunny sunset supermarket support suppose
    sure surface surgeon surprise surprising surround swallow swamp swan swear sweat sweep sweet swim swing switch
    sword symbol sympathy syrup system table tablet tail tailor take talk tall tame tangerine tank tap tape target
    task taste tax taxi tea teacher team tear tease technology telephone television tell temperature temple tempt
    ten tender tennis tent term terrible test text thank that the theatre theft their them theme then theory there
    thermometer these they thick thief thin thing think thirteen thirty this thousand thread threat three throat
    throne through throw thumb thunder ticket tidy tie tiger tight tile timber time tin tiny tip tired to toast
    tobacco today toe together toilet tomato tomorrow tone tongue too tool tooth top topic torch tortoise total
    touch tough tour tourist towel tower town toy trace track tractor trade tradition tragic trail train transfer
    transportation trap trash travel tray treasure treat tree trial triangle trick trip triumph trolley tropical
    trouble trousers trout truck true trumpet trunk trust truth try tube tulip tune tunnel turkey turn turtle tutor
    twelve twenty twin twist two type typical tyre ugly ulcer umbrella unable uncle under uniform unique unit
    universe university unknown until up upset urban urge urgent use useful usually vacation vague valid valley
    value van vanilla vapour vase vast vault vegetable vegetarian veil venture verb verse very vessel veteran victim
    victory video view village vinegar violent violin virus visible visit visitor vivid vocal voice volcano
    volleyball volume volunteer vote vowel voyage wage wagon waist wait waiter wake walk wall wallet walnut wander
    want war warm warn wash waste watch water waterfall wave wax way we weak wealth weapon wear weather web wedding
    wednesday weed week weekend weigh weight weird well west wet whale what wheat wheel when where which whip
    whisper whistle white who whole why wicked wide widow width wife wild willing win wind windmill window wine wing
    winter wipe wire wise wish witch with without witness wolf woman wonder wonderful wood wooden wool word work
    world worm worry worth would wound wrap wreck wrist write wrong xylophone yard yawn year yell yellow yes
    yesterday yet yield yoghurt yolk you young your youth zebra zero zip zone zoo
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
_HELD_OUT = 0.2  # share of the common words for validation, and for testing


def spoken(word: str) -> str:
    """How a folder or keyword name is said: underscores are pauses between words."""
    return word.replace("_", " ")


def other_words(keywords: tuple[str, ...], extra: tuple[str, ...], split: SplitName) -> tuple[str, ...]:
    """What is said in one split besides the keywords, without anything that is a keyword.

    These are common words that no other split has, so that a test is of words never heard; and in every split the
    recipe's own, and the single words of keyword phrases, which a model must have heard alone.
    """
    phrases = [spoken(keyword).lower() for keyword in keywords]
    parts = [part for phrase in phrases for part in phrase.split() if " " in phrase]
    common = (word for word in COMMON_WORDS if _split_of(word) == split)
    words = dict.fromkeys([*(spoken(word).lower() for word in extra), *parts, *common])
    return tuple(word for word in words if word not in phrases)


def _split_of(word: str) -> SplitName:
    """By hash, so that a word's split does not change with the list: 60 % train, 20 % validate, 20 % test."""
    place = hashlib.sha256(word.encode()).digest()[0] / 256
    return "validation" if place < _HELD_OUT else "testing" if place < 2 * _HELD_OUT else "training"


def unknown_text(words: tuple[str, ...], keywords: tuple[str, ...], rng: np.random.Generator) -> str:
    """One word, or a phrase of two or three, that does not contain a keyword."""
    phrases = [f" {spoken(keyword).lower()} " for keyword in keywords]
    while True:
        count = int(rng.integers(2, 4)) if rng.random() < _PHRASE_SHARE else 1
        text = " ".join(words[i] for i in rng.integers(0, len(words), count))
        if not any(phrase in f" {text} " for phrase in phrases):
            return text
