// Written by scripts/date-words.ts from Unicode's CLDR, as Node has it.

/** Words that dates are shown with: on each line what the words on it may be, in the bits of date-words.ts. */
export const DATE_WORDS = `
1 enero gener gennaio ianuarie ionawr jaan jaanuar jan janeiro januar januari january január januára janv janvier janvāris janúar leden ledna ocak sausio sausis siječanj siječnja styczeń stycznia tammi tammikuu tammikuuta yanvar ιανουαρίου студзень студзеня січень січня январь января януари јануар қаңтар հունվար հունվարի ינואר يناير ژانویه ژانویهٔ जनवरी जाने जानेवारी জানু জানুয়ারি ਜਨਵਰੀ જાન્યુ જાન્યુઆરી ஜனவரி జనవరి ಜನವರಿ ജനുവരി มกร มกราคม ဇန် ဇန်နဝါရီ იანვარი 一月
2 chwef chwefror feb febbraio febr febrer febrero februar februari februarie february február februára februāris febrúar fevereiro fevral févr février helmi helmikuu helmikuuta lutego luty pebrero vasario vasaris veebr veebruar velj veljača veljače únor února şubat φεβρουαρίου ақпан лютага лютий лютого люты фебруар февр февраль февраля февруари փետրվար փետրվարի פברואר فبراير فوریه فوریهٔ फ़रवरी फेब्रु फेब्रुवारी ফেব্রুয়ারি ਫ਼ਰਵਰੀ ફેબ્રુ ફેબ્રુઆરી பிப் பிப்ரவரி ఫిబ్ర ఫిబ్రవరి ಫೆಬ್ರ ಫೆಬ್ರವರಿ ഫെബ്രു ഫെബ്രുവരി กุมภาพันธ์ ဖေ ဖေဖော်ဝါရီ თებერვალი 二月
4 březen března kovas kovo maalis maaliskuu maaliskuuta maart mar marca march marec maret mars marso mart martie marts marzec marzo març março márc március märts märz ožujak ožujka μαρτίου березень березня гуравдугаар март марта наурыз сакавік сакавіка մարտ մարտի مارس मार्च মার্চ ਮਾਰਚ માર્ચ மார் மார்ச் మార్చి ಮಾರ್ಚ್ മാർച്ച് มี.ค มีนาคม မတ် მარტი 三月
8 abril apr aprel april aprile aprilie aprill apríl apríla aprīlis avril balandis balandžio duben dubna d’abr d’abril ebrill huhti huhtikuu huhtikuuta kwiecień kwietnia nisan travanj travnja április απριλίου апрель апреля април дөрөвдүгээр квіт квітень квітня красавік красавіка сәуір ապրիլ ապրիլի אפריל آوریل أبريل अप्रैल एप्रि एप्रिल এপ্রি এপ্রিল ਅਪ੍ਰੈ ਅਪ੍ਰੈਲ એપ્રિલ ஏப்ரல் ఏప్రి ఏప్రిల్ ಏಪ್ರಿ ಏಪ್ರಿಲ್ ഏപ്രി ഏപ്രിൽ เม.ย เมษ เมษายน ဧပြီ აპრილი 四月
16 gegužė gegužės květen května maggio maig maijs maio maja may mayo mayıs mája május svibanj svibnja touko toukokuu toukokuuta μαΐου мамыр тавдугаар трав травень травня մայիս մայիսի مايو മേയ് พฤษ พฤษภาคม မေ მაისი 五月
32 birželio birželis czerwca czerwiec giugno haziran hunyo iunie iyun juin jun june junho juni junij junio juny juuni júna június júní jūnijs kesä kesäkuu kesäkuuta lipanj lipnja mehefin červen června ιουν ιουνίου зургаадугаар июнь июня маусым черв червень червня чэрвень чэрвеня հունիս հունիսի יוני يونيو ژوئن ஜூன் జూన్ ಜೂನ್ มิ.ย มิถุนายน ဇွန် ივნისი 六月
64 gorff gorffennaf heinä heinäkuu heinäkuuta hulyo iulie iyul juil juill juillet jul julai julho juli julij julio juliol july juuli júla július júlí jūlijs liepa liepos lipca lipiec luglio srpanj srpnja temmuz července červenec ιουλ ιουλίου долоодугаар июль июля липень липня ліпень ліпеня шілде հուլիս հուլիսի יולי يوليو ژوئیه ژوئیهٔ जुलाई जुलै জুলাই ਜੁਲਾ ਜੁਲਾਈ જુલાઈ ஜூலை జులై ಜುಲೈ ജൂലൈ กรก กรกฎาคม ဇူ ဇူလိုင် ივლისი 七月
128 agost agosto agustus août aug august augusta augusti augusts augustus augusztus avgust avqust awst ağustos d’ag d’agost elokuu elokuuta kolovoz kolovoza ogos rugpjūtis rugpjūčio sierpień sierpnia srpen srpna ágúst αυγούστου август августа жнівень жніўня наймдугаар серп серпень серпня тамыз օգոստոս օգոստոսի אוגוסט أغسطس अगस्त ऑगस्ट আগস্ট ਅਗਸਤ ઑગસ્ટ ஆகஸ்ட் ఆగస్టు ಆಗಸ್ಟ್ ഓഗസ്റ്റ് สิงหาคม ဩဂုတ် აგვისტო 八月
256 eylül medi rugsėjis rugsėjo rujan rujna sentyabr sep sept september septembra septembre septembrie septembris septiembre setembre setembro settembre setyembre syys syyskuu syyskuuta szept szeptember wrzesień września září σεπτεμβρίου верасень верасня вересень вересня есдүгээр сент сентябрь сентября септембар септември қыркүйек սեպտեմբեր սեպտեմբերի ספטמבר سبتمبر سپتامبر सप्टें सप्टेंबर सितंबर সেপ্ট সেপ্টেম্বর ਸਤੰਬਰ સપ્ટે સપ્ટેમ્બર செப் செப்டம்பர் సెప్టెం సెప్టెంబర్ ಸೆಪ್ಟೆಂ ಸೆಪ್ಟೆಂಬರ್ സെപ്റ്റം സെപ്റ്റംബർ กันยายน စက် စက်တင်ဘာ სექტემბერი 九月
512 d’oct d’octubre ekim hydref loka lokakuu lokakuuta oct october octobre octombrie octubre oktober oktobris oktoober oktubre oktyabr október októbra ottobre outubro październik października spalio spalis říjen října οκτωβρίου аравдугаар жовт жовтень жовтня кастрычнік кастрычніка октобар октомври октябрь октября қазан հոկտեմբեր հոկտեմբերի אוקטובר أكتوبر اکتبر अक्टू अक्टूबर ऑक्टो ऑक्टोबर অক্টো অক্টোবর ਅਕਤੂ ਅਕਤੂਬਰ ઑક્ટો ઑક્ટોબર அக்டோபர் అక్టో అక్టోబర్ ಅಕ್ಟೋ ಅಕ್ಟೋಬರ್ ഒക്ടോ ഒക്ടോബർ ตุลาคม အောက် အောက်တိုဘာ ოქტომბერი 十月
1024 kasım lapkritis lapkričio listopadu marras marraskuu marraskuuta nobyembre noiembrie nov november novembra novembre novembris novembro noviembre noyabr nóvember studeni studenoga tach tachwedd νοεμβρίου лист листопад листопада лістапад лістапада новембар ноември нояб ноябрь ноября қараша նոյեմբեր նոյեմբերի נובמבר نوامبر نوفمبر नवंबर नोव्हें नोव्हेंबर নভেম্বর ਨਵੰਬਰ નવેમ્બર நவம்பர் నవంబర్ ನವೆಂ ನವೆಂಬರ್ നവംബർ พฤศจิกายน နို နိုဝင်ဘာ ნოემბერი 十一月
1025 нэгдүгээр
1536 listopad listopada
2048 aralık dec december decembra decembrie decembris dekabr desember desembre dets detsember dezember dezembro dicembre diciembre disember disyembre décembre grudnia grudzień gruodis gruodžio joulu joulukuu joulukuuta prosinac prosinca prosince prosinec rhag rhagfyr δεκεμβρίου груд грудень грудня декабрь декабря декември децембар желтоқсан снежань снежня դեկտեմբեր դեկտեմբերի דצמבר دسامبر ديسمبر डिसें डिसेंबर दिसंबर ডিসে ডিসেম্বর ਦਸੰਬਰ ડિસે ડિસેમ્બર டிசம்பர் డిసెం డిసెంబర్ ಡಿಸೆಂ ಡಿಸೆಂಬರ್ ഡിസം ഡിസംബർ ธันวาคม ဒီ ဒီဇင်ဘာ დეკემბერი 十二月
2050 хоёрдугаар
3072 арван
4096 ahad dimanche diumenge domenica domingo duminică linggo minggu nedelja nedeľa nedjelja neděle nhật niedz niedziela pazar pühapäev sekmadienis sonntag sun sunday sunnudagur sunnuntai sunnuntaina svētd svētdiena söndag søndag vasárnap zondag κυριακή воскресенье жексенбі неделя недеља неділя нядзеля կիրակի ראשון الأحد یکشنبه रविवार রবিবার ਐਤਵਾਰ રવિવાર ஞாயி ஞாயிறு ఆదివారం ಭಾನು ಭಾನುವಾರ ഞായറാഴ്ച ഞായർ วันอาทิตย์ อาทิตย์ တနင်္ဂနွေ კვირა 周日 日曜日 星期日 週日 일요일
8192 dilluns ertəsi esmaspäev hétfő isnin llun lundi lunedì lunes luni maanantai maanantaina maandag mandag mon monday montag mánudagur måndag pazartesi pirmadienis pirmd pirmdiena pondelok pondělí ponedeljek ponedjeljak poniedziałek segunda segunda-feira senin δευτέρα даваа дүйсенбі панядзелак понеделник понедельник понедељак понеділок երկուշաբթի الاثنين دوشنبه सोमवार সোমবার ਸੋਮਵਾਰ સોમવાર திங் திங்கள் సోమవారం ಸೋಮವಾರ തിങ്കളാഴ്ച തിങ്കൾ จันทร์ วันจันทร์ တနင်္လာ ორშაბათი 周一 星期一 月曜日 週一 월요일
12288 bazar
16384 antradienis dienstag dimarts dinsdag kedd mardi martedì martes marți otrd otrdiena salı selasa teisipäev terça terça-feira tiistai tiistaina tirs tirsdag tisdag torek tue tuesday tysdag utorak utorok wtorek úterý þriðjudagur τρίτη аўторак вторник вівторок мягмар сейсенбі уторак երեքշաբթի שלישי الثلاثاء سهشنبه मंगल मंगलवार मंगळ मंगळवार মঙ্গল মঙ্গলবার ਮੰਗਲ ਮੰਗਲਵਾਰ મંગળ મંગળવાર செவ் செவ்வாய் మంగళ మంగళవారం ಮಂಗಳ ಮಂಗಳವಾರ ചൊവ്വ ചൊവ്വാഴ്ച วันอังคาร อังคาร အင်္ဂါ სამშაბათი 周二 星期二 火曜日 週二 화요일
16388 mawrth
32768 dimecres keskiviikko keskiviikkona kolmapäev mercher mercoledì mercredi miercuri mittwoch miyerkules miércoles miðvikudagur onsdag quarta quarta-feira rabu sreda srijeda streda středa szerda trečiadienis trešd trešdiena wed wednesday woensdag çarşamba środa τετάρτη лхагва серада середа среда сряда сәрсенбі չորեքշաբթի רביעי الأربعاء چهارشنبه बुधवार বুধবার ਬੁੱਧ ਬੁੱਧਵਾਰ બુધવાર புதன் బుధవారం ಬುಧವಾರ ബുധനാഴ്ച ബുധൻ พุธ วันพุธ ဗုဒ္ဓဟူး ოთხშაბათი 周三 星期三 水曜日 週三 수요일
49152 çərşənbə
65536 ceturtd ceturtdiena csütörtök czwartek dijous donderdag donnerstag fimmtudagur giovedì huwebes jeudi jueves kamis ketvirtadienis khamis neljapäev perşembe quinta quinta-feira thu thursday tors torsdag torstai torstaina četrtek četvrtak čtvrtek štvrtok πέμπτη бейсенбі пүрэв чацвер четвер четверг четвртак четвъртък հինգշաբթի חמישי الخميس پنجشنبه गुरु गुरुवार বৃহস্পতি বৃহস্পতিবার ਵੀਰਵਾਰ ગુરુ ગુરુવાર வியா வியாழன் గురు గురువారం ಗುರು ಗುರುವಾರ വ്യാഴം വ്യാഴാഴ്ച พฤหัส วันพฤหัสบดี ကြာသပတေး ხუთშაბათი 周四 星期四 木曜日 週四 목요일
81920 axşamı
131072 biyernes cuma divendres fredag freitag fri friday föstudagur gwen gwener jumaat jumat penktadienis perjantai perjantaina petak petek piatok piektd piektdiena piątek pátek péntek reede sexta sexta-feira vendredi venerdì viernes vineri vrijdag παρασκευή баасан жұма пʼятниця петак петък пятница пятніца ուրբաթ שישי الجمعة جمعه शुक्र शुक्रवार শুক্র শুক্রবার ਸ਼ੁੱਕਰ ਸ਼ੁੱਕਰਵਾਰ શુક્ર શુક્રવાર வெள் வெள்ளி శుక్ర శుక్రవారం ಶುಕ್ರ ಶುಕ್ರವಾರ വെള്ളി വെള്ളിയാഴ്ച วันศุกร์ ศุกร์ သောကြာ პარასკევი 周五 星期五 週五 金曜日 금요일
196608 cümə
262144 cumartesi dissabte lauantai lauantaina laugardagur laupäev laurdag lördag lørdag sabado sabato sabtu sadwrn samedi samstag sat saturday sestd sestdiena sobota subota szombat sábado sâmbătă zaterdag şənbə šeštadienis σάββατο бямба сенбі суббота субота събота շաբաթ السبت شنبه शनिवार শনিবার ਸ਼ਨੀ ਸ਼ਨੀਵਾਰ શનિવાર శనివారం ಶನಿವಾರ ശനിയാഴ്ച วันเสาร์ เสาร์ စနေ შაბათი 周六 土曜日 星期六 週六 토요일
520192 dydd
524288 alle at gada kell nang pada pukul t tháng uhr z στις гараг בשעה ساعت रोजी அன்று ರಂದು ಸಮಯಕ್ಕೆ ที่ เวลา 令和 大正 平成 昭和 民國
1048576 am pm popiet priekšp priešpiet pēcp ညနေ နံနက် 上午 下午 午前 午後 오전 오후
2097153 ene gen ian ion jaa led oca sau sij sty tam yan ιαν сту січ янв яну јан қаң հնվ ינו ينا ژان जन ਜਨ ஜன జన ಜನ ജനു ม.ค იან
2097154 chw fev fév hel lut peb vas vee vel úno şub φεβ ақп лют феб фев փետ փտվ פבר فبر فور फ़र ফেব ਫ਼ਰ ก.พ თებ
2097156 bře kov maa mac mrt már mär ožu μαρ бер мар нау сак մար մրտ מרץ مار മാർ მარ
2097160 abr avr bal dub ebr huh kwi nis tra ápr απρ апр кві кра сәу ապր אפר آور أبر ஏப் ဧ აპრ
2097168 geg kvě mag mai maj maí mei máj svi tou μαΐ май мам мая мај тра մայ մյս מאי ماي مه مهٔ मई मे মে ਮਈ મે மே మే ಮೇ พ.ค მაი
2097184 bir cze giu haz hun iun iyn jún jūn kes meh čvn июн мау чер чэр юни јун հնս יונ يون जून জুন ਜੂਨ જૂન ജൂൺ ივნ
2097216 gor hei hul iul iyl júl jūl lie lug tem čvc июл лип ліп шіл юли јул հլս יול يول जुल জুল ก.ค ივლ
2097248 iyu jui juu lip čer ιου ژوئ
2097249 հու
2097280 ag ago agu aoû avg avq aws ağu elo kol ogo sie ágú αυγ авг жні сер там օգո օգս אוג أغس اوت अग ऑग আগ ਅਗ ਅਗਸ ஆக ఆగ ಆಗ ഓഗ ส.ค ဩ აგვ
2097344 srp
2097408 eyl med ruj set syy wrz zář σεπ вер сен сеп қыр սեպ ספט سبت سپت सित সেপ ਸਤੰ ก.ย სექ
2097536 rug
2097664 eki hyd lok okt ott out paź spa říj οκτ жов кас окт қаз հոկ אוק أكت اکت அக் ต.ค ოქტ
2098176 kas lap nob noi noy nóv stu tac νοε лис ліс нов ное ноя қар նոյ נוב نوا نوف नव নভে ਨਵੰ નવે நவ నవం നവം พ.ย ნოე
2098688 lis
2099200 ara dek des det dez dic dis déc gru jou pro rha δεκ гру дек дец жел сне դեկ דצמ دسا ديس दिस ਦਸੰ டிச ธ.ค დეკ
2101248 ahd b chủ cn dg dim dom dum lin min ne ned paz sk su sul sön sø søn zo κυρ вс жс нд нед ня ням կիր א रवि রবি ਐਤ રવિ ఆది კვი
2105344 b.e dl e hai isn lun ma man mo mán må mån po pon pr pzt seg δευ да дс пн пон երկ שני सोम সোম ਸੋਮ સોમ సోమ ಸೋಮ ორშ
2105600 sen
2113536 an ba di dt sal sel ter ti tir tis ty tys ut uto wt ç.a út þri τρί аў вт мя сс уто երք ג სამ 火 화
2113540 maw
2129920 dc ke mer mi mie miy mié mið on ons qua rab sre sri st tr tư wo ç çar śr τετ лх ср сре չրք ד बुध বুধ બુધ புத బుధ ಬುಧ ოთხ 水 수
2130176 sze
2146304 k
2162688 c.a cs czw dj do fim gio huw iau jeu joi jue kam kha kt n năm per qui to čet čt πέμ бс пү чет чт чц հնգ ה ਵੀਰ ხუთ 木 목
2179072 tor
2228224 biy c cum dv fr fre fös gwe jum pe pet pi pn pt pá r sex sáu ven vie vin vr παρ ба жм пет пт ուր ו პარ 金 금
2359296 bảy cmt ds l lau lör lør sab sad sam sob sub szo sáb sâm za ş σάβ бя сб суб շբթ שבת शनि শনি શનિ சனி శని ಶನಿ ശനി შაბ 土 토
2363392 so
2424832 št
2613248 thứ
2617344 יום
2621440 d del den kl klo les lúc o ob om ore thg u um à às в г ж о оны р у ц ч ын թ في को बजे এ కి ന് 年 时 時 년 시
2625535 сар
2625536 v 日 일
2629632 h ב 月 월
2883584 la
3145728 a.m ap ch dop du e.h e.m em f.h f.m fm ip odp p.m pg pop ptg ös öö μ.μ π.μ дп пп ү.х ү.ө ب.ظ ص ق.ظ م
3280896 p
3407872 sa
3670016 a m
3673463 de
`
