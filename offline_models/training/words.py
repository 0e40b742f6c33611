"""Words whose spelling does not say how they sound, typed short forms, and words of every day.

In a respelling é is always é (meja), ê always ê (besar), e is either; a space changes no sound and
`*` stands for the names of the word's letters.
"""

LETTERS = {
    "a": "a", "b": "bé", "c": "cé", "d": "dé", "e": "é", "f": "éf", "g": "gé", "h": "ha",
    "i": "i", "j": "jé", "k": "ka", "l": "él", "m": "ém", "n": "én", "o": "o", "p": "pé",
    "q": "ki", "r": "ér", "s": "és", "t": "té", "u": "u", "v": "fé", "w": "wé", "x": "éks",
    "y": "yé", "z": "zét",
}  # fmt: skip

# Abbreviations with a vowel in them that are nonetheless said by their letters.
# Those without a vowel need no entry.
SPELT = frozenset(
    """
    abc ac ajb apbd apbn apd asdp asn atm bca bei bi bni bri bsi bumd bumn cia dki dpo dpr dprd ektp
    fbi gta hiv iain ig igd ikd ikm ios ipa ipb ipk iq irt isp itb iumk jis kb kur mcu mti mui nisn
    njop nu odgj ojk ojt oss pbi pbpu pdi pju pjtki ppat ptk rsia rsu rsud ruu siup sku sma smea smu
    tki tni tpa tpi tpu uan uas ub ugd ugm uhc ui uii uin ukm uks ukt uld umk umr unhcr upt uptd usb usg
    uts uu uud wa wna wni xxi iptn aptb lkpp bpjstk hki
    """.split()
)

# Word -> how it is said, the usual way first, when rules or letters alone would miss it.
SAID: dict[str, tuple[str, ...]] = {}


def _said(table: str) -> None:
    for line in table.strip().splitlines():
        word, _, ways = (part.strip() for part in line.partition(":"))
        letters = " ".join(LETTERS.get(letter, "") for letter in word)
        SAID[word] = tuple(way.strip().replace("*", letters) for way in ways.split("|"))


# Abbreviations that are said as words, or both ways.
_said(
    """
    ktp: * | ka tê pê
    kk: ka ka | kaka
    nik: nik | *
    kia: * | kia
    kua: * | kua
    nib: nib | *
    sim: sim
    kip: kip | *
    kis: kis | *
    pip: pip | *
    sip: sip | *
    kir: kir
    imb: *
    pin: pin
    ikd: *
    dtsen: dé tê sén | dé té és é én
    dtks: * | détékaés
    laksa: laksa
    gor: gor | *
    akte: aktê | akté
    sppirt: és pé pé i ér té | és pé pé pirt
    pirt: * | pirt
    iumk: *
    simbg: sim bé gé
    sipb: sip bé | *
    sipp: sip pé | *
    siks: siks | *
    dpmptsp: * | dé pé ém pé té és pé
    bpom: bé pom | *
    emis: émis
    ptsl: *
    sp4n: és pé ém pat én | spén
    pkh: * | pé ka ha
    blt: *
    rw: er wé | *
    rt: er té | *
    erte: er té
    erwe: er wé
    tv: té fé | ti fi
    wc: wé sé | wé cé
    pc: pi si | *
    hp: ha pé | hapé
    hape: hapé
    wifi: waifai | wifi
    qr: kiu ar | ki ér
    cv: sé fé | si fi | *
    vip: fi ai pi | fip
    pdf: pé dé éf | pi di éf
    sms: és ém és
    gps: ji pi és | *
    cctv: sé sé té fé | si si ti fi
    led: léd | *
    pa: pa | *
    osis: osis
    hmm: hêm | êm
    wkwk: wêka wêka
    mr: mistêr
    dr: dok têr | *
    """
)

# Loanwords and foreign words, as people at a counter say them.
_said(
    """
    online: onlain
    onlen: onlén
    offline: oflain
    mobile: mobail | mobil
    website: wébsait
    web: wéb
    email: imél | iméil
    e: é | i
    link: ling
    file: fail
    upload: aplod
    download: donlod | daunlod
    scan: skén
    discan: diskén
    discannya: diskénnya
    barcode: barkod
    qris: kris
    print: prin
    diprint: diprin
    update: apdét
    login: login
    logout: logaut
    password: paswot | paswod
    user: yusêr
    username: yusêrném
    whatsapp: wotsap | watsap
    facebook: fésbuk
    google: gugêl
    gmail: jimél
    youtube: yutub | yutup
    youtuber: yutubêr
    instagram: instagram
    tiktok: tiktok
    shopee: sopi
    gojek: gojék
    grab: gréb
    game: gém
    games: géms
    booking: buking
    job: job
    fair: fér
    mall: mol | mal
    mal: mal | mol
    tangcity: téngsiti | tangsiti
    city: siti
    icon: aikon
    walk: wok
    box: boks
    neon: néon
    banner: bénêr
    billboard: bilbot
    baliho: baliho
    service: sêrfis
    servis: sêrfis
    call: kol
    center: séntêr
    centre: séntêr
    leasing: lising
    resign: risain
    freelance: frilén | frilans
    freelancer: frilénsêr
    driver: draifêr
    outsourcing: autsorsing
    cleaning: klining
    startup: startap
    interview: intêrfiu
    training: tréning
    deadline: dédlain
    family: fémili
    card: kard | kart
    id: idé | ai di
    identity: aidéntiti
    birth: bêrt
    certificate: sêrtifikét
    marriage: mérij
    letter: létêr
    license: laisêns
    passport: paspor | pasport
    paspor: paspor
    police: polis
    help: hélp
    emergency: imêrjénsi
    thank: téngk
    thanks: téngs
    you: yu
    so: so
    much: mac
    hello: hélo
    halo: halo
    hai: hai
    oke: oké
    ok: oké
    ya: ya
    iya: iya | iye
    bye: bai
    please: plis
    how: hau
    what: wat | wot
    where: wér
    when: wén
    who: hu
    is: is
    are: ar
    my: mai
    me: mi
    i: i | ai
    the: dê
    this: dis
    there: dér
    to: tu
    do: du
    does: das
    need: nid
    want: won
    make: mék
    new: nyu
    lost: los
    free: fri
    one: wan
    best: bés
    bestie: bésti
    crush: kras
    smartphone: smartfon
    handphone: hénpon | hén fon
    iphone: aifon
    android: android
    laptop: léptop | laptop
    charger: carjêr
    powerbank: powêrbéng
    cash: kés
    cashback: késbék
    transfer: transfêr
    atm: a té ém
    bank: bang | béng
    budget: bajét
    cafe: kafé
    cheat: cit
    cover: kofêr
    design: désain
    desain: désain
    delivery: délifêri
    discount: diskon
    expired: ékspayêr | ékspaird
    expat: ékspat
    fire: fayêr
    first: fêrs
    followers: folowêrs
    fresh: frés
    graduate: grajuét
    good: gud
    hack: hék
    home: hom
    house: haus
    laundry: londri | laundri
    layoff: léyof
    live: laif
    love: laf
    maps: méps
    money: mani
    emoney: imani
    move: muf
    on: on
    out: aut
    outfit: autfit
    over: ofêr
    paylater: péilétêr | pélétêr
    phone: fon
    pick: pik
    up: ap
    pickup: pikap
    rank: réng
    remote: rimot
    renovasi: rénofasi
    second: sékén | sékon
    server: sêrfêr
    shift: sif | sift
    single: singgêl
    skincare: skinkér
    sound: saun
    sport: spot | sport
    sparepart: spérpat
    stroke: strok
    team: tim
    template: témplét
    test: tés
    time: taim
    tour: tur
    travel: tréfêl
    typo: taipo
    type: taip | tipé
    view: fiu
    virtual: firtual
    visa: fisa
    weekend: wikén
    office: ofis
    working: wêrking
    world: wêrld
    hotline: hotlain
    image: iméj
    cheque: cék
    cek: cék | cêk
    stempel: stémpêl
    stnk: és té én ka
    zona: zona
    quran: kuran
    qurban: kurban
    busway: baswé
    transjakarta: transjakarta
    train: trén
    bus: bis | bus
    bis: bis
    commuter: komutêr
    line: lain
    taxi: taksi
    michael: maikêl
    john: jon
    tom: tom
    mary: méri
    george: jorj
    james: jéims
    york: york
    washington: wosingtên
    """
)

# Short forms of typing -> what is said. Ambiguous ones stay out: their sentences are then left out.
SHORTHAND: dict[str, str] = {
    short: said
    for short, _, said in (
        entry.strip().partition("=")
        for entry in """
    yg=yang, gmn=gimana, gmana=gimana, gimna=gimana, gw=gua, gk=gak, bgt=banget, dmn=di mana,
    dimna=di mana, dmna=di mana, dmana=di mana, dimana=di mana, kmn=ke mana, kmana=ke mana, tlg=tolong,
    brp=berapa, brapa=berapa, sy=saya, sya=saya, skrg=sekarang, skrng=sekarang, pdhl=padahal, lbh=lebih,
    blm=belum, jkt=jakarta, cpt=cepat, krm=kirim, bnjr=banjir, sdh=sudah, dh=udah, udh=udah,
    jl=jalan, jln=jalan, mw=mau, msh=masih, dlm=dalam, wrg=warga, tmpt=tempat,
    rmh=rumah, srt=surat, syrt=syarat, ap=apa, kel=kelurahan, bs=bisa, mnt=minta, bkin=bikin, utk=untuk,
    hr=hari, nkh=nikah, ket=keterangan, nm=nama, hrs=harus, dftr=daftar, gnti=ganti, kpn=kapan,
    aj=aja, ank=anak, jd=jadi, prlu=perlu, bpk=bapak, lpor=lapor, lhr=lahir, bru=baru, tnh=tanah,
    nma=nama, cra=cara, lg=lagi, lm=lama, bln=bulan, grtis=gratis, bk=buka, slh=salah, ilg=ilang,
    ulg=ulang, pny=punya, thn=tahun, th=tahun, bntuan=bantuan, hlng=hilang, tlp=telepon, mnta=minta,
    pngntar=pengantar, pk=pak, jm=jam, bwt=buat, pndah=pindah, byi=bayi, krn=karena, tdk=tidak,
    msk=masuk, kna=kena, ctk=cetak, hlg=hilang, pngantar=pengantar, byr=bayar, urs=urus, kwin=kawin,
    dtg=datang, dkt=dekat, krtu=kartu, sm=sama, hrg=harga, hps=hapus, dlu=dulu, dl=dulu, bkn=bukan,
    dpt=dapat, kl=kalau, kmatian=kematian, dnda=denda, lnjut=lanjut, brlaku=berlaku, prpnjg=perpanjang,
    blik=balik, pcah=pecah, mn=mana, brkas=berkas, mnggal=meninggal, mnggl=meninggal, ush=usaha,
    usha=usaha, ambl=ambil, kmrn=kemarin, stlh=setelah, krja=kerja, krj=kerja, tghn=tagihan, tnah=tanah,
    dri=dari, mkam=makam, almat=alamat, bth=butuh, smpah=sampah, br=baru, jdwl=jadwal, tkg=tukang,
    jt=juta, rb=ribu, rp=rupiah, no=nomor, tgl=tanggal, dgn=dengan, dr=dari, klo=kalo, sbg=sebagai,
    ttg=tentang, spt=seperti, org=orang, dll=dan lain lain, tsb=tersebut, jgn=jangan, bbrp=beberapa,
    kpd=kepada, pd=pada, krng=kurang, mksh=makasih, trmksh=terima kasih, trs=terus, smua=semua,
    sbtu=sabtu, sklh=sekolah, dtng=datang, ktpnya=ktp nya, gg=gang, pcr=pacar, dpn=depan, bw=bawa,
    cr=cara, ny=nya, tng=tangerang, kmtian=kematian, kntor=kantor, ktny=katanya, jnda=janda,
    hdp=hidup, sttus=status, klhrn=kelahiran, klrhn=kelurahan, kec=kecamatan, ft=foto, aktf=aktif,
    dwklkn=diwakilkan, mndaftar=mendaftar, sdr=saudara, almrhm=almarhum, alm=almarhum
    """.split(",")
    )
}

# Words of every day that example questions may lack: Betawi, Sundanese, Javanese as spoken in
# Tangerang, what people call each other and their papers, hesitations, answers, times, places.
EVERYDAY = """
    gue gua gw lu elo elu ente ane aye kite mereke nyak babeh enyak engkong nyai encang encing mpok abang
    bocah kagak kaga nggak enggak ngga ogah iye iyak ho'oh udah udeh belom belon entar ntar tadi tadian kemaren
    kemarenan besok lusa noh nih tuh ono sono sini situ mane dimane kemane darimane siape ape kenape ngapain
    gimane pegimane begimane berape kapan ade punye pake pakek bawa bawain bikin bikinin ngurus urusin
    ilang ilangin jatoh jatuh sobek robek basah kebakar kebanjiran kecopetan keselip ketinggalan nyari cari
    gede kecil banyak dikit bentar bentaran doang aja aje dong deh sih kek kok kan loh lah mah atuh mangga
    abdi kuring urang anjeun maneh manehna aranjeunna sim hoyong hayang bade arek moal henteu teu can acan
    parantos geus tos ieu eta itu dieu ditu didinya kadieu kaditu timana kamana dimana naha kunaon kumaha
    sabaraha iraha saha naon nyieun ngadamel ngurus nyokot nyandak mawa ngabantu menta nyuhunkeun
    hatur nuhun punten mangga sumuhun leres sanes sanés aya euweuh leungit kaleungitan ruksak
    soeh robek kacaahan bapa ema indung bapak ambu akang teteh aa ceuceu adi incu putra putri budak orok
    salaki pamajikan bojo maot pupus ninggal nikah kawin cerai pegat pindah imah bumi lembur desa kampung
    taneuh duit artos mayar meuli ngical damel gawe digawe padamelan sakola sakolah nginjeum nganjuk
    isuk isukan enjing ayeuna kamari bieu engke peuting sonten siang poe dinten minggon sasih taun
    aku kulo kula awakku kowe sampeyan panjenengan deweke dheweke awake dewe arep pengen pengin kepengin
    ora mboten ndak durung dereng wis sampun iki kuwi iku kae kene kono kana endi ning teng neng nang
    saking soko teko dugi tekan piye pripun kepiye piro pinten kapan sinten sopo opo menopo nopo ngopo
    gawe nggawe ndamel damelaken ngurus njupuk mendhet nggowo mbeto njaluk nyuwun tulung matur suwun
    nuwun sewu monggo inggih nggih sanes dudu ono wonten ilang kecer rusak suwek teles bapak ibu simbah
    mbah eyang pakde bude paklik bulik mas mbak adhi anak putu bocah bayi bojo garwo sedo ninggal mati
    rabi kawin nikah pegatan pindah omah griyo deso kampung lemah siti duit arto mbayar tuku tumbas
    dodol sade kerjo nyambut gawe sekolah silih nyilih utang sesuk mbenjing saiki sakniki wingi mau
    mengko bengi sore awan isuk dino minggu sasi wulan taun tahun
    om tante pakde bude pak bu bapak ibu bang mas mbak kak kakak adik dik nak nenek kakek oma opa eyang
    paman bibi keponakan sepupu mertua menantu besan ipar cucu cicit suami istri anak ayah mama papa
    emak bunda mamah papah tetangga teman kawan saudara keluarga almarhum almarhumah jenazah
    eh em anu apa namanya gitu gini hmm ehm aduh wah oh ah nah hayo ayo yuk tolong minta maaf permisi
    ya iya betul benar tidak bukan salah ulangi lagi batal kembali lanjut mulai selesai cukup sudah
    pertama kedua ketiga keempat kelima keenam ketujuh kedelapan kesembilan kesepuluh terakhir atas
    bawah kiri kanan tengah pilih nomor pilihan yang mana tombol layar bantuan petugas panggil antre
    nol kosong satu dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas belas puluh ratus
    ribu juta miliar setengah seperempat seratus seribu sejuta koma titik strip garis miring
    senin selasa rabu kamis jumat jum'at sabtu minggu ahad januari februari pebruari maret april mei juni
    juli agustus september oktober november nopember desember pagi siang sore malam subuh zuhur asar
    magrib isya hari tanggal bulan tahun jam menit detik kemarin besok lusa sekarang nanti tadi dulu
    rw rt kk ktp nik kia akta akte surat pengantar keterangan domisili usaha tidak mampu kematian
    kelahiran nikah cerai pindah datang warisan ahli waris penghasilan belum menikah janda duda
    skck sktm sku skd skdu bpjs kis pkh kip pip pbb njop sppt bphtb imb pbg slf nib oss npwp sim stnk bpkb
    paspor kitas kitap wna wni tni polri pns asn pppk honorer pensiun pensiunan buruh karyawan wiraswasta
    pedagang petani nelayan sopir ojek guru dokter bidan perawat mahasiswa pelajar
    islam kristen katolik hindu buddha konghucu kepercayaan laki-laki perempuan pria wanita lelaki
    lurah camat walikota wali kota bupati gubernur staf loket kantor kelurahan kecamatan dinas dukcapil
    disdukcapil puskesmas posyandu rumah sakit sekolah masjid musala gereja wihara pura kelenteng pasar
    cengkareng kalideres jakarta bekasi depok bogor tangsel serpong bsd ciputat pamulang cikupa bitung
    balaraja tigaraksa curug legok sepatan teluknaga kosambi rajeg mauk serang cilegon lebak pandeglang
    banten bandung cirebon semarang solo yogya yogyakarta surabaya malang medan padang palembang lampung
    """
