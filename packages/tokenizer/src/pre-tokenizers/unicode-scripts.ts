import type { AlignedText } from '../text/aligned-text.ts';

const SCRIPTS =
  'Common Latin Han Hiragana Katakana Hangul Cyrillic Arabic Greek Hebrew Devanagari Thai Inherited Adlam Ahom Anatolian_Hieroglyphs Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Bhaiksuki Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee Chorasmian Coptic Cuneiform Cypriot Cypro_Minoan Deseret Dives_Akuru Dogra Duployan Egyptian_Hieroglyphs Elbasan Elymaic Ethiopic Georgian Glagolitic Gothic Grantha Gujarati Gunjala_Gondi Gurmukhi Hanifi_Rohingya Hanunoo Hatran Imperial_Aramaic Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada Kawi Kayah_Li Kharoshthi Khitan_Small_Script Khmer Khojki Khudawadi Lao Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic Manichaean Marchen Masaram_Gondi Medefaidrin Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean Nag_Mundari Nandinagari New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong Ogham Ol_Chiki Old_Hungarian Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_Sogdian Old_South_Arabian Old_Turkic Old_Uyghur Oriya Osage Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham SignWriting Sinhala Sogdian Sora_Sompeng Soyombo Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangsa Tangut Telugu Thaana Tibetan Tifinagh Tirhuta Toto Ugaritic Vai Vithkuqi Wancho Warang_Citi Yezidi Yi Zanabazar_Square';

const patterns = new Map<string, RegExp>();
const known = new Map<string, string>();

/** The script of a character by the engine's Unicode tables; `Any` where it has none. */
function scriptOf(char: string): string {
  const cached = known.get(char);
  if (cached !== undefined) return cached;
  if (patterns.size === 0) {
    for (const script of SCRIPTS.split(' ')) patterns.set(script, new RegExp(`\\p{Script=${script}}`, 'u'));
  }
  let found = 'Any';
  for (const [script, pattern] of patterns) {
    if (!pattern.test(char)) continue;
    found = script;
    break;
  }
  known.set(char, found);
  return found;
}

/** SentencePiece's view of scripts: Japanese is one, spaces belong to any. */
export function sentencePieceScript(char: string): string {
  if (char === ' ') return 'Any';
  if (char === 'ー') return 'Han';
  const script = scriptOf(char);
  return script === 'Hiragana' || script === 'Katakana' ? 'Han' : script;
}

/** `UnicodeScripts`: cuts where the script changes. */
export function unicodeScripts(pieces: AlignedText[]): AlignedText[] {
  return pieces.flatMap((piece) => {
    const cuts: number[] = [];
    let last: string | null = null;
    let at = 0;
    for (const char of piece.text) {
      const script = sentencePieceScript(char);
      if (script !== 'Any') {
        if (last !== script) cuts.push(at);
        last = script;
      }
      at += char.length;
    }
    cuts.push(at);
    return cuts.slice(1).flatMap((end, i) => (end > cuts[i]! ? [piece.slice(cuts[i]!, end)] : []));
  });
}
