"""Words by what they can be in a name.

Most names are words that no list has. So this tells what is none: words of grammar never are,
ordinary words are only behind a sure cue or as a surname, and some ordinary words are given names
as well ("Will", "April", "Grace"). A list of frequent given names helps where nothing else does.
"""

from __future__ import annotations

import re
from typing import Literal

from app.core.language.text import vocabulary

Kind = Literal["grammar", "ordinary", "either", "day", "given", "unknown"]

GRAMMAR = frozenset(
    vocabulary(
        "a an the my your our his her its their this that these those mine yours ours hers theirs "
        "i i'm i'd i'll i've im ive we we're we'd we'll we've he he's she she's it it's they "
        "they're they've me us him them you you're you'd you'll you've who who's whom whose what "
        "what's which when where where's why how how's that's there's here's there here name's not "
        "no nope nah yes yeah yep yup uh um er erm hm hmm mhm ah oh okay ok is isn't was wasn't be "
        "been being am are aren't were do don't does doesn't did didn't done have haven't has "
        "hasn't had having can can't could couldn't would wouldn't should shouldn't won't shall "
        "must might cannot gonna wanna gotta lets let's to at on of in with without and or but for "
        "from by as if than then so because about into onto over under up off down out after "
        "before until till since while during between through against per just only also too very "
        "really even still already again now ever never always maybe perhaps please thanks thank "
        "sorry pardon hello hi hey bye goodbye one two three four five six seven eight nine eleven "
        "twelve thirteen fourteen fifteen twenty thirty forty fifty sixty seventy eighty ninety "
        "hundred thousand zero half quarter second third fourth fifth sixth seventh eighth ninth "
        "tenth o'clock pm a.m p.m today tomorrow tonight yesterday midnight something anything "
        "nothing everything someone somebody anyone anybody everyone everybody nobody some any "
        "every each all both either neither many much more most less least few several other "
        "another same such own calling speaking talking called calls looking trying wondering "
        "hoping going wanting needing asking getting coming making doing saying using waiting "
        "driving need needs want wants wanted would've like likes liked think thought know knew "
        "say says tell told ask asked see saw make makes made take took get gets got give gave go "
        "goes went come comes came keep kept put puts find found believe guess mean means meant "
        "spell spelled spelt spelling yourself myself himself herself itself themselves whatever "
        "whichever whoever anyway anytime sometime sometimes somewhere anywhere well actually "
        "thing things stuff kind sort bit lot way"
    )
)
ORDINARY = frozenset(
    vocabulary(
        "said noon good fine great bad better best worse okay nice lovely perfect wonderful "
        "awesome cool happy glad sad mad angry upset annoyed tired sick ill hurt sore afraid "
        "scared nervous worried anxious excited ready busy free available open closed late early "
        "soon later earlier sooner next last first new old young big small little large long short "
        "high low full empty whole entire right left wrong correct true false real sure certain "
        "exact exactly urgent important possible impossible able unable hard easy simple difficult "
        "fast slow quick quiet loud hot cold warm dry wet clean dirty deep thick thin wide narrow "
        "upper lower front back side top bottom middle inside outside near far close away "
        "interested confused lost stuck retired married single divorced pregnant allergic diabetic "
        "patient client customer member guest visitor portuguese spanish english french german "
        "italian american british irish scottish welsh canadian mexican chinese japanese korean "
        "indian russian polish dutch swedish turkish european african asian australian brazilian "
        "catholic jewish muslim vegan vegetarian greek thai vietnamese filipino pakistani "
        "bangladeshi iraqi iranian persian israeli arab lebanese syrian egyptian moroccan nigerian "
        "ghanaian kenyan ethiopian somali norwegian danish finnish icelandic austrian swiss "
        "belgian czech slovak hungarian romanian bulgarian serbian croatian ukrainian lithuanian "
        "latvian estonian albanian cuban colombian peruvian chilean argentine argentinian "
        "venezuelan salvadoran guatemalan jamaican haitian hispanic latino latina scots buddhist "
        "hindu sikh protestant deaf blind autistic appointment appointments booking bookings "
        "reservation visit visits meeting session slot slots time times date dates day days week "
        "weeks weekday weekdays weekend weekends month months year years hour hours minute minutes "
        "moment morning mornings afternoon afternoons evening evenings night nights lunch "
        "lunchtime dinner breakfast spring winter fall january february march july september "
        "october november december mon tue wed thu fri sat name names surname lastname firstname "
        "family number numbers phone telephone mobile cell email mail address street road avenue "
        "city town house home office work job school church hospital clinic practice dentist "
        "dental doctor doctors nurse hygienist receptionist assistant manager insurance plan card "
        "account visa bill bills payment price cost money credit debit cash tooth teeth gum gums "
        "mouth jaw crown crowns filling fillings cavity cavities cleaning cleanings checkup "
        "checkups check-up exam examination consultation consult whitening braces implant implants "
        "root canal x-ray xray extraction emergency pain ache toothache headache bleeding swelling "
        "infection antibiotic medicine medication penicillin amoxicillin aspirin table party "
        "people person persons man woman men women lady gentleman girl boy kid kids child children "
        "baby son daughter sons daughters mother mom mum mommy father dad daddy husband wife "
        "partner spouse brother sister aunt uncle cousin friend friends neighbor neighbour boss "
        "colleague grandmother grandfather grandma grandpa mother-in-law father-in-law twins "
        "parents dog cat pet car bus train traffic parking flight airport call callback message "
        "voicemail question questions problem problems issue issues reason help service services "
        "information detail details line connection sound noise voice robot machine computer bot "
        "ai human agent operator representative blue red green black white yellow orange purple "
        "cross shield delta foods general saint north south east west central main class company "
        "business repeat book booked cancel cancelled move moved change changed reschedule "
        "rescheduled schedule scheduled confirm confirmed check checked hold wait stop start try "
        "talk speak hear heard listen look watch read write send sent bring leave stay live lives "
        "lived works worked pay paid run ran eat drink sleep walk drive feel felt forget forgot "
        "remember understand understood agree prefer mind care almost nearly quite rather pretty "
        "totally absolutely definitely certainly probably possibly apparently basically usually "
        "normally generally recently currently immediately instead together alone enough extra "
        "additional different ridiculous insane crazy terrible horrible awful unbelievable "
        "unacceptable outrageous frustrating embarrassing weird strange funny silly stupid bloody "
        "super amazing fantastic excellent brilliant alright course worries welcome cheers darling "
        "dear honey love sir ma'am madam folks guys mistake correction spelling letter letters "
        "hyphen apostrophe dash capital double triple silent alpha bravo usual regular normal "
        "standard basic private public personal official legal maiden nickname initial delighted "
        "pleased honest honestly serious kidding joking portugal spain france germany italy "
        "england ireland scotland america canada mexico china japan india california texas florida "
        "york boston chicago oakland francisco angeles diego seattle london berlin paris madrid "
        "cancellation availability opening openings hygiene scaling retainer veneers denture "
        "dentures bridge night-guard mouthguard wisdom molar abscess tag badge plate "
        "joke kidding relation pun "
        "niece nephew grandson granddaughter stepson stepdaughter fiance fiancé fiancée girlfriend "
        "boyfriend roommate"
    )
)
EITHER = frozenset(
    vocabulary(
        "will april may june august summer autumn mark bill grace hope faith joy art rich dean "
        "chase dawn guy angel rose iris daisy lily violet ruby pearl amber jade crystal sky skye "
        "rain river hunter mason taylor cooper drew pat rob nick jack don gene sue bob dot penny "
        "ginger heather holly ivy ray lane chance frank ernest earnest victor max miles grant wade "
        "cliff glen dale heath reed star melody harmony charity patience prudence constance "
        "destiny trinity king prince duke earl baron christian jewel major sandy stormy sunny "
        "brook brooke dusty forest gale mercy noble page paige royal sage sterling wren genesis "
        "nova dolly buddy skip chip rusty pierce lance van ace bear birdie candy carol cat clay "
        "colt coral dash dell eden ellery fern flora gray grey gem hazel honor jay jet jasmine "
        "justice kit laurel leaf lark liberty lotus marina marigold mike ocean olive opal parker "
        "piper poppy porter rowan rocky sawyer shepherd sherry skipper sparrow spencer stone storm "
        "tanner temple tiger true tucker tyler wolf woody young wild bliss bonnie cherry christmas "
        "easter noel winter nevada dakota carolina georgia virginia florence paris london brooklyn "
        "chelsea austin dallas houston jordan israel chad kenya india asia sydney victoria lincoln "
        "jackson madison carson lee dee bo bud beau jean bernie cash ford dodge mercedes lexus "
        "porsche royce harley aston marshal marshall butler carter fisher baker weaver archer "
        "gardener miller turner walker potter cook smith barber sargent judge bishop pope deacon "
        "friar abbot ames tad ned peg fay gay merry happy blessing precious gift fortune goodness "
        "goodwill sunday comfort innocent wisdom"
    )
)
"""Ordinary words that are given names as well."""
DAYS = frozenset(vocabulary("monday tuesday wednesday thursday friday saturday sunday"))
GIVEN = frozenset(
    vocabulary(
        "james john robert michael william david richard joseph thomas charles christopher daniel "
        "matthew anthony donald steven paul andrew joshua kenneth kevin brian george edward ronald "
        "timothy jason jeffrey ryan jacob gary nicholas eric erik jonathan stephen larry justin "
        "scott brandon benjamin samuel gregory alexander patrick raymond dennis jerry aaron jose "
        "adam nathan henry zachary douglas peter kyle ethan walter noah jeremy christian keith "
        "roger terry gerald harold sean shaun shawn carl arthur lawrence dylan jesse bryan joe "
        "billy bruce albert willie gabriel logan alan allan allen juan wayne roy ralph randy "
        "eugene vincent russell elijah louis bobby philip phillip johnny bradley luis fred freddie "
        "tom tim jim jimmy ben dan danny dave steve matt mike greg jeff geoff jon josh sam alex "
        "andy tony chris ken ron ed eddie ted teddy phil pete rick ricky gus hugo hugh rolf ralf "
        "otto karl klaus jurgen jürgen hans heinrich wolfgang dieter stefan stephan andreas "
        "matthias tobias lukas lucas felix leon emil oskar oscar theo anton friedrich ludwig mary "
        "patricia jennifer linda elizabeth barbara susan jessica sarah sara karen lisa nancy betty "
        "margaret sandra ashley kimberly emily donna michelle carol amanda dorothy melissa deborah "
        "stephanie rebecca sharon laura cynthia kathleen catherine katherine kathryn amy angela "
        "shirley anna anne ann brenda pamela emma nicole helen samantha christine christina debra "
        "rachel carolyn janet maria olivia sophia sofia isabella ava mia charlotte amelia evelyn "
        "abigail harper ella chloe zoe zoey layla nora hannah hanna leah lea aubrey stella natalie "
        "julia julie diane diana ruth joan joyce judith judy martha teresa theresa gloria janice "
        "jean alice cheryl marilyn denise danielle beverly isabel theodora jane jenny kate katie "
        "liz beth betsy peggy meg maggie molly polly lucy lily susie suzanne tina tracy tracey "
        "stacy stacey kelly kim wendy monica erica erika tiffany vanessa veronica valerie dana "
        "dayna tyler marcus priya tommy carmen carla carlos luisa lucia lucía ines inés maría josé "
        "jorge javier miguel pedro pablo diego antonio francisco fernando rafael ricardo roberto "
        "sergio raul raúl ramon ramón manuel mario marco alejandro alejandra andres andrés ana "
        "elena rosa pilar consuelo dolores esperanza guadalupe mercedes catalina catarina beatriz "
        "joao joão paulo tiago thiago rui ana-maria luiz renato marta leonardo giovanni giuseppe "
        "luca matteo francesca chiara giulia alessandro lorenzo paolo pietro pierre jacques "
        "jean-luc jean-paul jean-pierre michel marie anne-marie claire camille chantal monique "
        "yves luc etienne étienne rené renée françois françoise margaux amélie aurélie siobhan "
        "siobhán seán niamh aoife caoimhe ciara ciarán ciaran eoin oisin oisín saoirse roisin "
        "róisín ruairí padraig pádraig declan liam conor brendan colm fiona angus callum hamish "
        "euan ewan alasdair morag isla rhys gareth gwen gwyneth owen nigel trevor graham ian colin "
        "neil simon stuart alistair clive derek gordon pieter jan johan johannes willem kees dirk "
        "maarten joost sven lars nils björn bjorn björk anders ingrid astrid freya sigrid mikael "
        "henrik magnus gunnar leif olaf łukasz lukasz piotr pawel paweł marek tomasz krzysztof "
        "wojciech agnieszka ewa katarzyna malgorzata zofia stanislaw andrzej jiri jakub milos "
        "goran zoran dragan ivan ivana dmitri dmitry sergei sergey vladimir boris igor oleg olga "
        "natasha tatiana svetlana irina yuri alexei andrei mikhail nikolai oksana bogdan mihai ion "
        "nikos giorgos dimitris eleni kostas yannis costa spiros mehmet mustafa ahmet ayse ayşe "
        "fatma emre çağla cagla zeynep elif murat hakan ali hassan hussein mohamed mohammed "
        "muhammad mohammad ahmed ahmad omar umar ibrahim ismail khalid khaled yusuf youssef karim "
        "kareem samir tariq rashid jamal abdul abdullah fatima fatimah aisha ayesha amina khadija "
        "leila zainab noor nour hana maryam mariam yasmin yasmine reza hamid amir amira farah "
        "parisa shirin darius cyrus moshe avi yael noa tamar shira eitan itai rivka chaim raj ravi "
        "rahul amit anil sunil vijay sanjay rajesh suresh ramesh deepak nikhil arjun rohan karan "
        "vikram anand arun ashok kavita anita sunita meera mira lakshmi padma radha sita neha "
        "pooja shreya divya anjali nisha asha usha deepa ananya venkat srinivas krishna gopal "
        "harish mahesh ganesh manoj pradeep sandeep gurpreet harpreet wei li ming jing fang xin "
        "yan hui ying mei lin jun hao yi tao lei chen feng bo min-jun ji-woo seo-yeon jin-woo min "
        "hyun sung jae soo yuki kenji hiroshi takashi akira satoshi haruto yuto sakura yumi emi "
        "keiko naoko tomoko aiko ren sora kaito linh lan nguyen-anh thi anh minh duc hung tuan "
        "quang thanh phuong huong mai hoa trang thu ngozi chidi chioma emeka ifeoma kwame kofi ama "
        "akua abena yaw kojo tunde oluwaseun folake ade adaeze chinedu obinna uche nneka amara "
        "zuri thandiwe sipho thabo nomsa themba lerato kamalei keanu leilani kaimana malia deshawn "
        "latoya keisha tyrone lakisha darnell marquis aaliyah imani jada malik andre dwayne reggie "
        "ebony ernesto esteban guillermo ignacio julio mateo nestor octavio ruben santiago tomas "
        "ulises xavier xiomara yolanda zulema itzel marisol paloma soledad rocio noemi gail lois "
        "irene agnes edith edna elsie ethel gladys harriet hattie ida lillian mabel maude mildred "
        "minnie myrtle nellie opal pauline rhoda thelma velma vera viola wilma benedict otis "
        "lionel fraser edmund cedric basil cyril rupert clement quentin percy horace homer elmer "
        "chester clyde floyd lloyd herman hector hiram vernon virgil wallace idris kelechi sade "
        "yetunde joana lotte greta heidi ilse ursula uta ute birgit sabine petra monika renate "
        "gerda helga anke antje katja silke anja jana nadine jamie robin casey riley avery quinn "
        "rory morgan alexis jordan reese finley emerson desmond winston marlon delroy leroy errol "
        "clarence rashad terrence demetrius gwendolyn rosalind priscilla penelope ophelia matilda "
        "josephine genevieve geneva beatrix beatrice bella carmela concetta donatella ezra isaac "
        "abraham moses caleb levi asher silas jonah micah elias gideon reuben simeon naomi esther "
        "miriam dinah judah eve abel seth yosef yitzhak shlomo mendel tova amos cora della effie "
        "lena nina nadia sonia tanya zara zelda willow juliet juliette romeo madonna inez lourdes "
        "nuria montserrat aitor iker unai jordi mireia carles pere"
    )
)
TITLES = frozenset(
    vocabulary(
        "brigadier vice wing squadron leader staff warrant petty rear marshal flight commodore "
        "padre dom hadji sayyid chief engineer private dipl ing mr mrs ms miss mx dr doctor prof "
        "professor sir madam madame mister missus rev reverend father sister brother rabbi imam "
        "pastor captain capt judge herr frau señor señora senor senora monsieur canon vicar "
        "cardinal monsignor cantor pandit lama archdeacon mother mme mlle signor signora lady lord "
        "dame fr sgt sergeant colonel col lt lieutenant attorney officer chef coach nurse major "
        "admiral general senator president minister deacon bishop doktor don doña sheikh haji sri "
        "shri pan pani detective corporal commander principal councillor counselor honorable "
        "honourable hon sensei master baroness count countess elder deputy constable inspector "
        "ambassador governor mayor sr sra srta señorita fräulein fraulein mademoiselle mevrouw "
        "mijnheer signorina swami guru dato datuk maestro sheriff"
    )
)
PARTICLES = frozenset(
    vocabulary(
        "de la le du des del della di da das do dos van von vom zu zum zur der den ter te bin ibn "
        "bint al el ben bat abu af av y e st san santa ni nic mac mc o ap ab ó ní nić o' los las"
    )
)
SHORT = frozenset(
    vocabulary(
        "an my so do to in see on be no he we or oh go am at as us you hi ha up who any it by me "
        "she them such own put"
    )
)
"""Words of grammar that are names as well, of Vietnam, Korea and China above all."""
MOODS = frozenset(
    vocabulary(
        "rich frank happy merry gay earnest sunny stormy dusty rusty royal noble true wild "
        "innocent precious jolly patience major young"
    )
)
"""Given names that are mostly said of how somebody is: "I'm happy"."""
ADDRESSES = frozenset(vocabulary("mr mrs ms miss mx mister missus herr frau madam madame"))
"""Titles by which one names oneself, and which are nothing else."""
SUFFIXES = {
    **dict.fromkeys(("jr", "junior"), "Jr."),
    **dict.fromkeys(("sr", "senior"), "Sr."),
    **{numeral: numeral.upper() for numeral in ("ii", "iii", "iv")},
}
HONOURS = frozenset(vocabulary("md phd dds dmd esq esquire rn cpa jd mba obe"))
"""What stands behind a name and is no part of it."""
ORDINAL_SUFFIXES = {"second": "II", "third": "III", "fourth": "IV"}
FILLERS = frozenset(
    vocabulary(
        "uh um er erm hm hmm ah oh well so yeah yes yep sure okay ok no nope hi hello hey please "
        "just like actually then and but now good morning afternoon evening there of course right "
        "alright sorry thanks thank you certainly absolutely mine me uh-huh mm-hmm mm-hm mhm"
    )
)
"""What may stand before a name in an answer."""
REPLIES = frozenset(
    vocabulary(
        "same repeat again wait hold stop correct right wrong true false real certain exact "
        "private confidential public operator agent human representative person people help cancel "
        "cancelled fine great alright perfect course ready nothing name names surname lastname "
        "firstname spelling spelled mistake question repeat hear heard listen understand "
        "understood forgot forget remember said hello appointment booking later call callback"
    )
)
"""What answers a question for a name without being one."""
KIN = frozenset(
    vocabulary(
        "my our the son daughter wife husband mother father mom mum dad partner brother sister "
        "child kid friend boss stepson stepdaughter grandson granddaughter niece nephew aunt uncle "
        "cousin grandma grandpa grandmother grandfather fiance fiancé fiancée girlfriend boyfriend "
        "roommate neighbor neighbour it's for her his name is with to probably either maybe"
    )
)
"""Whom an appointment may be for, and the words around them."""
_ORDINARY_ENDING = re.compile(
    r".{3,}(?:ing|ness|ment|tion|sion|able|ible|ful|less|ously|ally|ily|edly)|.{4,}(?:ly|ed)"
)


def kind_of(word: str) -> Kind:
    """What a word can be; `word` in lower case with straight apostrophes."""
    if word in DAYS:
        return "day"
    if word in EITHER:
        return "either"
    if word in GIVEN:
        return "given"
    if word in GRAMMAR or word in HONOURS or word.isdecimal():
        return "grammar"
    if word in ORDINARY:
        return "ordinary"
    if "'" in word and (word.partition("'")[0] in ORDINARY or word.endswith(("'s", "n't"))):
        return "ordinary"
    return "unknown"


def looks_ordinary(word: str) -> bool:
    """Whether an unknown word ends as adverbs, participles and abstract nouns do."""
    return bool(_ORDINARY_ENDING.fullmatch(word))
