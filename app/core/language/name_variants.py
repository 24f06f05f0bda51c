"""Forms of one given name: short forms, and spellings that sound alike though they look unlike."""

from __future__ import annotations

_GROUPS = """
william bill billy will willy liam; robert bob bobby rob robbie bert; richard rick ricky dick rich;
margaret peggy meg maggie marge margie greta;
elizabeth elisabeth liz lizzie beth betsy betty eliza; james jim jimmy jamie; john jack johnny jon;
joseph joe joey jo; edward ed eddie ted teddy ned; theodore ted teddy theo; thomas tom tommy thom;
michael mike mick micky mikey; daniel dan danny; david dave davey; christopher chris kit topher;
nicholas nick nicky nicolas; anthony tony antony; andrew andy drew;
alexander alex al sandy xander aleksandr alexandr; matthew matt; benjamin ben benny;
samuel sam sammy; samantha sam sammy; charles charlie chuck chas; francis frank frankie fran;
frederick fred freddie friedrich; george jorge georg giorgos georgios; gregory greg;
henry hank harry; harold harry hal; jeffrey jeff geoff geoffrey geoffery; gerald gerry jerry;
jerome jerry; kenneth ken kenny; lawrence larry laurence lorenz; leonard len lenny leo;
patrick pat paddy padraig; patricia pat patty trish tricia; peter pete pieter piotr pyotr petr;
philip phil phillip; ronald ron; raymond ray; stephen steven steve stefan stephan; timothy tim;
vincent vince vinny; walter walt; zachary zach zack;
catherine katherine kathryn catharine kate katie kathy cathy kat kitty katarina;
deborah debra deb debbie; dorothy dot dottie; eleanor ellie nell nora; emily em emmy;
jennifer jen jenny; jessica jess jessie; judith judy; kimberly kim; nancy nan; pamela pam;
rebecca becky becca rebekah; susan sue susie suzanne suzie; teresa theresa terry tess;
victoria vicky vicki tori; virginia ginny; abigail abby; amanda mandy; barbara barb;
christine christina chris tina kristin kristina; cynthia cindy; florence flo; gabriel gabe;
gabriella gabby; isabella bella izzy isabel isobel ysabel; jacqueline jackie; josephine jo josie;
madeline maddie madeleine; melissa mel missy; natalie nat; olivia liv; penelope penny;
rosemary rose; sandra sandy; stephanie steph; yvonne evonne; sean shawn shaun shane;
siobhan shivaun chevonne shavon siobhain shivon shavaun chevon shavonne; niamh neve neave neeve;
aoife eefa ifa; caoimhe keeva kiva kweeva; saoirse seersha sersha; ciara keira kiera kira;
roisin rosheen; eoin owen euan ewan eoghan; sinead shinaid shinade; grainne gronya; oisin osheen;
tadhg tige taig; maeve mave; mohamed mohammed muhammad mohammad mohamad muhammed mo mohd;
yusuf youssef yousef yousuf; josef joseph yosef; aisha ayesha aysha aicha; fatima fatma fatimah;
hussein husain hussain husayn hossein; hassan hasan; ahmed ahmad achmed; khalid khaled;
said saeed sayeed saeid; omar umar; ibrahim abraham ebrahim; ismail ishmael;
mustafa mustapha moustafa; abdul abdel abdoul; layla leila laila leyla; noor nour nur;
mariam maryam miriam; jorge george; jose joseph; juan john; diego jacob;
francisco frank paco pancho; guillermo william memo; enrique henry; miguel michael; pedro peter;
alejandro alex; roberto robert beto; ricardo richard; eduardo edward lalo; antonio anthony tony;
guadalupe lupe; dolores lola; jurgen juergen jorgen; johann johan hans johannes; heinrich heinz;
katharina katja; sergei sergey serge; dmitri dmitry dimitri dima; aleksei alexei alexey alyosha;
mikhail misha; vladimir vova; yevgenia evgenia; tatiana tatyana tanya; natalia natasha natalya;
ekaterina katya; nguyen win wen nuyen newin nwin noowin; ng ing eng; xu shoo hsu; zhao jao chao;
xiao shao hsiao; qian chien; vo vaux voh; tran; phuong fong fung; le lay;
cohen cohn kohn kohen koen; macleod mcleod mccloud maccloud; kowalczyk kowalchick kovalchik;
schaefer schafer shafer shaffer shaefer; mueller muller; wright right rite; knight night;
leigh lee li; hughes hews hues; featherstonehaugh fanshaw; cholmondeley chumley; beauchamp beecham;
graham gram graeme; sutcliffe sutcliff; leicester lester; worcester wooster; vaughan vaughn von;
thompson thomson tomson tompson; stuart stewart steward; alan allan allen alun; brian bryan bryon;
carl karl; eric erik; erica erika; philippa filipa pippa; tracy tracey traci; ann anne; sara sarah;
lea leah lia; hana hannah hanna; teddy theo; reed reid read; neil neal niall niel;
lewis louis luis; ruairi rory ruari; padraig porick patrick; aoibheann aveen aoibhinn; sadhbh sive;
cathal cahal; orlaith orla orlagh; daithi dahy; eilidh ailey aylee; cillian killian kilian;
grainne granya gronia; maire moira maura; dearbhla dervla; meabh maeve; sian sharn shan;
brittany britney brittney; chowdhury choudhury chaudhary chaudhry choudhry; kovacs kovach kovats;
xiao shao; deirdre deidre; michael mikael mikhail; zoe zoey; walsh welsh welch;
doherty dougherty docherty; pierce pearce; xavier javier zavier; wang wong; huang hwang wong;
liu lew; zhou joe jo chou; yang young; ndiaye njai njie; diallo jallow jalloh; benoit benwa;
meagher maher; agrawal agarwal aggarwal; snyder snider schneider; rahman rehman;
amy aimee aimée; ian iain; aisling ashling ashlin aislinn; hoang huang; park pak pahk;
dvorak dvorjak dvorzak; nagy nadj nodj; george yorgos iorgos giorgos; desjardins dejardan dejardin;
guillaume giyom gioom; weiss vice wise; jaeger jager yaeger yager yeager; nguyen nuen;
joaquin wakin hwakin; alexander alexandra sasha sacha shura; jose pepe; ignacio nacho; jesus chuy;
enrique quique kike; concepcion concha conchita; manuel manolo; rosario charo; vasily vasya;
ivan vanya; yevgeny zhenya; wojciech wojtek; katarzyna kasia; malgorzata gosia; jan janek;
giuseppe beppe peppe; luigi gigi; hans hansi; wilhelm willi; heinrich heiner; johannes hannes;
rhodes roads rodes; yusuf yousif yusif; xi she shee;
cai tsai; thuy twee; duong zoong zuong; seo suh; ryu yoo yu;
cem jem djem; ralph rafe; jaime jamie; phoebe feeby pheobe; llewellyn luellen lewellyn;
grzegorz gregor gregory greg; temitope temi; muireann mwirin mirin; jana yana; mathieu matthew matt;
alyssa elissa alissa; elisa alisa; ngozi engozi; oluwaseun seun; ewa eva;
"""
_groups_of: dict[str, set[int]] = {}
for _number, _group in enumerate(_GROUPS.split(";")):
    for _word in _group.split():
        _groups_of.setdefault(_word, set()).add(_number)


def variants(one: str, other: str) -> bool:
    """Whether two words (small letters, without accents) are forms of one name."""
    return not _groups_of.get(one, set()).isdisjoint(_groups_of.get(other, ()))
