/** Scripts by the letters that only they have; the language where one language has the script to itself. */
const SCRIPTS: readonly [name: string, letters: RegExp, language?: string][] = [
  ['latin', /\p{Script=Latin}/gu],
  ['cyrillic', /\p{Script=Cyrillic}/gu],
  ['arabic', /\p{Script=Arabic}/gu],
  ['devanagari', /\p{Script=Devanagari}/gu],
  ['han', /\p{Script=Han}/gu],
  ['kana', /[\p{Script=Hiragana}\p{Script=Katakana}]/gu, 'ja'],
  ['hangul', /\p{Script=Hangul}/gu, 'ko'],
  ['greek', /\p{Script=Greek}/gu, 'el'],
  ['hebrew', /\p{Script=Hebrew}/gu, 'he'],
  ['thai', /\p{Script=Thai}/gu, 'th'],
  ['bengali', /\p{Script=Bengali}/gu, 'bn'],
  ['tamil', /\p{Script=Tamil}/gu, 'ta'],
  ['telugu', /\p{Script=Telugu}/gu, 'te'],
  ['kannada', /\p{Script=Kannada}/gu, 'kn'],
  ['malayalam', /\p{Script=Malayalam}/gu, 'ml'],
  ['gujarati', /\p{Script=Gujarati}/gu, 'gu'],
  ['gurmukhi', /\p{Script=Gurmukhi}/gu, 'pa'],
  ['georgian', /\p{Script=Georgian}/gu, 'ka'],
  ['armenian', /\p{Script=Armenian}/gu, 'hy'],
];

/** Frequent small words. They tell languages that share a script apart. */
const WORDS: Record<string, Record<string, string>> = {
  latin: {
    en: 'the of and to in is you that it he was for on are as with his they at be this have from or had by but not what all were we when your can said there an each which she do how their if will up about out many then them these so some her would him into has two no way could people my than been who its now did get may i me our also because one only any most where more just was does here very after before it’s don’t should make give let between same both',
    es: 'de la que el en y a los se del las un por con no una su para es al lo como más pero sus le ya o este sí porque esta entre cuando muy sin sobre también me hasta hay donde quien desde todo nos durante todos uno les ni contra otros ese eso ante ellos e esto mí antes algunos qué unos yo otro otras otra él tanto esa estos mucho nada son fue está ser tiene han hace',
    pt: 'de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à seu sua ou ser quando muito há nos já está eu também só pelo pela até isso ela entre era depois sem mesmo aos ter seus quem nas me esse eles estão você tinha foram essa num nem suas meu às minha têm numa pelos elas são',
    fr: 'de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont avec son aux d l n s qu été cette elle nous ont mais ou leur ses y comme tout fait être je vous on même aussi ces peut deux sans très où si bien j lui donc dont était avait entre',
    de: 'der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man sein wurde sei ich wir ihr kann wenn diese mein',
    it: 'di e il la che in a è per un una sono con non si da come le dei del nel alla più anche gli ma al i della ha lo su o se ci questo dal ed delle loro essere suo sua nella quando molto stato perché degli cosa mi era tra fra io tutti sui hanno questa tutto ogni così',
    nl: 'de het een van en in is dat op te zijn voor met die niet aan er om als ook dan bij maar door over uit naar heeft hij was nog wordt tot je kan meer deze worden of wat geen ik wij veel onder zich dit ze we hun haar hebben had zou waar',
    pl: 'i w nie na się z do to że jest o jak a po co tak za od ale czy już przez dla są tym może ich który jego tego jej być oraz także był tylko ze które ma przed pod gdy było mnie też ten można bardzo jako',
    sv: 'och i att det som en på är av för med till den har de inte om ett han men var jag sig från vi så kan när år under också efter eller nu sin där vid mot ska skulle kommer ut får finns vara hade alla andra mycket än här då sedan över',
    da: 'og i at det er en til på de som med for den af ikke der et han har jeg fra var men om så kan sig vi eller efter også ud blev når hun var være over deres skal nu op havde meget mig min bliver',
    nb: 'og i det er på som en at for med av til har de ikke den om et men han var jeg fra så vi kan seg eller etter også ut ble når hun være over deres skal nå opp hadde mye meg min blir',
    fi: 'ja on ei että se hän oli mutta joka kun myös ovat ole niin kuin ovat tai jos vain sen mitä sekä sitä jo siitä kanssa mukaan ollut hänen minä te me tämä tämän nyt voi ennen vielä kaikki olla',
    tr: 've bir bu da de için ile çok ne gibi daha o olarak var ama en kadar olan sonra değil her ki ya mi mı ben sen biz şey diye şu olduğu iki ise yok veya göre ancak',
    id: 'yang dan di itu dengan untuk tidak ini dari dalam akan pada juga ke karena ada mereka saya kita bisa oleh sudah saat atau seperti adalah kami dia anda lebih tersebut dapat telah sebagai bahwa',
    vi: 'và của là có được cho không trong các một những với người này đã để khi đến về cũng như tôi ra nhiều vào làm từ trên lại rằng hơn năm sẽ thì họ đó nếu bạn rất',
    ro: 'și de în la a cu nu pe este că din un o pentru sunt mai ca să care se fi au fost ale al am dar prin sau după foarte între cel această acest',
    cs: 'a v se na je že o s z i do to k ve pro za by ale si po jako jsem od jsou které který jeho tak bylo nebo už také jen může při není být aby',
    hu: 'a az és hogy nem is egy van ez meg de ha csak már mint volt fel kell el vagy még minden lehet nagyon azt ki itt után ezt között',
    sw: 'na ya wa kwa ni katika za la cha kuwa hii watu ili lakini kama hiyo yake au kwamba moja pia sana wao yao hivyo baada ambayo ambao mimi wewe yeye sisi hapa vya',
    tl: 'ang ng sa na mga ay at ko mo ito para hindi siya si kung niya ako ka naman lang po may isang kanyang namin natin kami tayo nang dahil',
    ca: 'de la i el que a en un per les amb és no una els del al es va més com però ha són seva aquest aquesta també perquè molt entre quan fer ser hi tot',
  },
  devanagari: {
    hi: 'है के में की को से का और पर यह हैं था ने एक नहीं भी कि जो इस कर हो तो ही या थे अपने वह लिए',
    mr: 'आहे आणि या ते हे मध्ये तो ती नाही होते आहेत एक च की असे त्या पण मी साठी केले झाले आपण त्यांच्या करण्यासाठी',
    ne: 'छ र को मा हो छन् गर्न पनि यो भएको लागि गरेको त्यो थियो एक हुन्छ भने नेपाल हामी उनी गर्ने छैन गर्छ',
  },
  cyrillic: {
    ru: 'и в не на что с по как это для из к но от у за он а так все же вы было мы бы я они его её она или при есть если еще уже можно только был была были когда этот',
    uk: 'і в не на що з по як це для із до але від у за він а так все ж ви було ми б я вони його її вона або при є якщо ще вже можна тільки був була були коли цей та',
    bg: 'и в не на че с по как това за от до но у той а така всички са е ще ние аз те му я или при ако още вече може само беше бяха когато този се да си има',
  },
};
const dictionaries = Object.fromEntries(
  Object.entries(WORDS).map(([script, lists]) => [
    script,
    Object.entries(lists).map(([language, words]) => [language, new Set(words.split(' '))] as const),
  ]),
);

/** How much of a text is written in which script, from the most. */
export function scripts(text: string): { script: string; letters: number }[] {
  return SCRIPTS.map(([script, letters]) => ({ script, letters: text.match(letters)?.length ?? 0 }))
    .filter(({ letters }) => letters > 0)
    .sort((a, b) => b.letters - a.letters);
}

/** Whether a word has a letter of a script. */
export function isWrittenIn(word: string, script: string): boolean {
  const letters = SCRIPTS.find(([name]) => name === script)?.[1];
  return letters !== undefined && word.search(letters) >= 0;
}

/** The scripts that a language is written in. */
export function scriptsOf(language: string): string[] {
  if (language === 'ja') return ['kana', 'han'];
  if (language.startsWith('zh')) return ['han'];
  const own = SCRIPTS.find(([, , name]) => name === language)?.[0];
  if (own) return [own];
  if (['ru', 'uk', 'bg', 'sr', 'mk', 'be'].includes(language)) return ['cyrillic'];
  if (['ar', 'fa', 'ur'].includes(language)) return ['arabic'];
  if (['hi', 'mr', 'ne'].includes(language)) return ['devanagari'];
  return ['latin'];
}

/** Text without what is in no language: code, formulas, addresses. */
export function prose(text: string): string {
  return text
    .replace(/```.*?(?:```|$)/gs, ' ')
    .replace(
      /`[^`\n]*`|\$\$.{0,2000}?\$\$|\$[^$\n]{0,2000}\$|\\\[.{0,2000}?\\\]|\\\(.{0,2000}?\\\)|\\boxed\{[^}]{0,2000}\}|<\/?[a-z]+>/gs,
      ' ',
    )
    .replace(/\bhttps?:\S+/g, ' ')
    .replace(/\\[a-zA-Z]+/g, ' ');
}

/**
 * The language of a text as an ISO 639-1 code, from its script and, where languages share one, from its small words.
 * @returns undefined when the text says too little
 */
export function detectLanguage(text: string): string | undefined {
  const plain = prose(text).toLowerCase();
  const found = scripts(plain);
  const [main] = found;
  if (!main) return undefined;
  const count = (name: string) => found.find(({ script }) => script === name)?.letters ?? 0;
  if (main.script === 'han' || main.script === 'kana')
    return count('kana') > 0.05 * (count('han') + count('kana')) ? 'ja' : 'zh';
  const own = SCRIPTS.find(([script]) => script === main.script)?.[2];
  if (own) return own;
  if (main.script === 'arabic') {
    if (/[ٹڈڑںےہھ]/.test(plain)) return 'ur';
    return /[پچژگکی]/.test(plain) ? 'fa' : 'ar';
  }
  return byWords(plain, main.script) ?? byLetters(plain, main.script);
}

/** The language with the most small words, weighed by how rare each is among the languages. */
function byWords(text: string, script: string): string | undefined {
  const lists = dictionaries[script] ?? [];
  const scores = new Map<string, number>();
  for (const word of text.match(/[\p{L}\p{M}’]+/gu) ?? []) {
    const having = lists.filter(([, words]) => words.has(word));
    for (const [language] of having) scores.set(language, (scores.get(language) ?? 0) + 1 / having.length);
  }
  const [first, second] = [...scores].sort((a, b) => b[1] - a[1]);
  if (!first || first[1] < 0.5) return undefined;
  return second && second[1] > 0.95 * first[1] ? undefined : first[0];
}

/** Letters that only one language of the script has. */
function byLetters(text: string, script: string): string | undefined {
  if (script === 'cyrillic') {
    if (/[іїєґ]/.test(text)) return 'uk';
    if (/[ыэё]/.test(text)) return 'ru';
    return undefined;
  }
  if (script !== 'latin') return undefined;
  const marks: [string, RegExp][] = [
    ['vi', /[ơưạảấầẩẫậắằẳẵặẹẻẽếềểễệịỉọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]/],
    ['pl', /[łżźśćńąę]/],
    ['de', /ß/],
    ['es', /[ñ¿¡]/],
    ['pt', /[ãõ]/],
    ['tr', /[ğışç]/],
    ['ro', /[țșă]/],
    ['cs', /[řěů]/],
    ['hu', /[őű]/],
  ];
  return marks.find(([, letters]) => letters.test(text))?.[0];
}
