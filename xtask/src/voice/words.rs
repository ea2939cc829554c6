//! What the voice can say: for each language its letters, numbers and the four words around them.
//!
//! Numbers are given as words and never as digits: the synthesiser reads "16" in European Portuguese as a Brazilian
//! would, and Arabic digits without their vowels. The text is what a person reads; where the synthesiser needs other
//! spelling to say it well, `spoken` differs.

/// How one language is spoken.
pub struct Voice {
    /// Language code, which is also the folder.
    pub language: &'static str,
    /// espeak-ng's voice.
    pub name: &'static str,
    /// The voice of the letters. Arabic names Latin letters the English way: with an Arabic voice B and P, and F and V,
    /// are one sound.
    pub letters: &'static str,
    pub words_per_minute: u32,
    /// 0 to 99.
    pub pitch: u32,
    ticket: Word,
    counter: Word,
    look_at_screen: Word,
    recall: Word,
    cardinal: fn(u32) -> (String, String),
    hundreds: fn(u32) -> Hundred,
}

/// A text and how it is spelled for the synthesiser.
#[derive(Clone, Copy)]
struct Word {
    text: &'static str,
    spoken: &'static str,
}

/// Two forms of a number of hundreds: alone, and followed by the rest.
struct Hundred {
    alone: (String, String),
    before_rest: (String, String),
}

/// One clip to render.
pub struct Clip {
    pub id: String,
    pub text: String,
    pub spoken: String,
    pub voice: &'static str,
    pub words_per_minute: u32,
    pub pitch: u32,
    group: &'static str,
}

/// Clips that share a file.
pub struct Group<'clips> {
    pub name: &'static str,
    pub clips: &'clips [Clip],
}

const fn same(text: &'static str) -> Word {
    Word { text, spoken: text }
}

/// 140 words a minute is calm speech, a fifth below the synthesiser's usual pace; Arabic counts its long, fully vowelled
/// words otherwise and needs 155 for the same calm.
pub const VOICES: &[Voice] = &[
    Voice {
        language: "fr",
        name: "fr",
        letters: "fr",
        words_per_minute: 140,
        pitch: 42,
        ticket: same("ticket"),
        counter: same("guichet"),
        look_at_screen: same("regardez l'écran"),
        recall: same("nouvel appel"),
        cardinal: french,
        hundreds: |hundreds| {
            let word = if hundreds == 1 { "cent".to_owned() } else { format!("{} cent", french(hundreds).0) };
            // "deux cents", but "deux cent cinq": the s is written and never spoken.
            let alone = if hundreds == 1 { word.clone() } else { format!("{word}s") };
            Hundred { alone: twice(alone), before_rest: twice(word) }
        },
    },
    Voice {
        language: "en",
        name: "en-gb",
        letters: "en-gb",
        words_per_minute: 140,
        pitch: 42,
        ticket: same("ticket"),
        counter: same("counter"),
        look_at_screen: same("please look at the screen"),
        recall: same("calling again"),
        cardinal: english,
        hundreds: |hundreds| {
            let word = format!("{} hundred", english(hundreds).0);
            Hundred { before_rest: twice(format!("{word} and")), alone: twice(word) }
        },
    },
    Voice {
        language: "es",
        name: "es",
        letters: "es",
        words_per_minute: 140,
        pitch: 42,
        ticket: same("turno"),
        counter: same("ventanilla"),
        look_at_screen: same("mire la pantalla"),
        recall: same("repetimos"),
        cardinal: spanish,
        hundreds: |hundreds| {
            let word = SPANISH_HUNDREDS[at(hundreds - 1)];
            let before_rest = if hundreds == 1 { "ciento" } else { word };
            Hundred { alone: twice(word.to_owned()), before_rest: twice(before_rest.to_owned()) }
        },
    },
    Voice {
        language: "pt",
        name: "pt",
        letters: "pt",
        words_per_minute: 140,
        pitch: 42,
        ticket: same("senha"),
        counter: same("balcão"),
        look_at_screen: same("veja o ecrã"),
        recall: same("repetimos"),
        cardinal: portuguese,
        hundreds: |hundreds| {
            let word = PORTUGUESE_HUNDREDS[at(hundreds - 1)];
            let joined = if hundreds == 1 { "cento" } else { word };
            // A final "e" is read as the letter's name; before a number it is a short i, here as phonemes.
            let before_rest = (format!("{joined} e"), format!("{joined} [[i]]"));
            Hundred { alone: twice(word.to_owned()), before_rest }
        },
    },
    Voice {
        language: "ar",
        name: "ar",
        letters: "en-gb",
        words_per_minute: 155,
        pitch: 42,
        ticket: Word { text: "تذكرة", spoken: "تَذْكِرَه" },
        counter: Word { text: "شباك", spoken: "شُبَّاكْ" },
        look_at_screen: Word {
            text: "يرجى النظر إلى الشاشة", spoken: "يُرْجَى اَنَّظَرُ إِلَى اَشَّاشَه"
        },
        recall: Word { text: "مرة أخرى", spoken: "مَرْرَتَن أُخْرَى" },
        cardinal: arabic,
        hundreds: |hundreds| {
            let (text, alone, before_rest) = ARABIC_HUNDREDS[at(hundreds - 1)];
            Hundred {
                alone: (text.to_owned(), alone.to_owned()),
                before_rest: (format!("{text} و"), before_rest.to_owned()),
            }
        },
    },
];

/// Every clip of a language, those of one group side by side.
pub fn clips(voice: &Voice) -> Vec<Clip> {
    let clip = |group, id: String, name, (text, spoken): (String, String)| Clip {
        // A letter is the shortest word and the easiest to mistake, so it takes its time.
        words_per_minute: if group == LETTERS { LETTER_WORDS_PER_MINUTE } else { voice.words_per_minute },
        id,
        text,
        spoken,
        voice: name,
        pitch: voice.pitch,
        group,
    };
    let mut clips = Vec::new();
    for (id, word) in [
        ("ticket", voice.ticket),
        ("counter", voice.counter),
        ("look-at-screen", voice.look_at_screen),
        ("recall", voice.recall),
    ] {
        // The comma keeps the voice up: more is to follow. Only the way to the screen ends a sentence.
        let ending = if id == "look-at-screen" { "." } else { "," };
        let spoken = format!("{}{ending}", word.spoken);
        clips.push(clip("words", id.to_owned(), voice.name, (word.text.to_owned(), spoken)));
    }
    for (index, letter) in ('A'..='Z').enumerate() {
        let text = if voice.language == "ar" { ARABIC_LETTERS[index].to_owned() } else { letter.to_string() };
        // No full stop behind a letter: "C." is read as the Roman numeral in Portuguese.
        let id = format!("letter-{}", letter.to_ascii_lowercase());
        clips.push(clip(LETTERS, id, voice.letters, (text, letter.to_string())));
    }
    for number in 0..100 {
        let (text, spoken) = (voice.cardinal)(number);
        let group = NUMBER_GROUPS[at(number / 10)];
        clips.push(clip(group, format!("number-{number}"), voice.name, (text, format!("{spoken}."))));
    }
    for hundreds in 1..10 {
        let words = (voice.hundreds)(hundreds);
        let (text, spoken) = words.alone;
        clips.push(clip("hundreds", format!("hundred-{hundreds}"), voice.name, (text, format!("{spoken}."))));
        clips.push(clip("hundreds", format!("hundred-and-{hundreds}"), voice.name, words.before_rest));
    }
    clips
}

/// The clips by the file they share.
pub fn groups(clips: &[Clip]) -> Vec<Group<'_>> {
    clips
        .chunk_by(|left, right| left.group == right.group)
        .filter_map(|clips| clips.first().map(|first| Group { name: first.group, clips }))
        .collect()
}

const LETTERS: &str = "letters";
const LETTER_WORDS_PER_MINUTE: u32 = 105;

const NUMBER_GROUPS: [&str; 10] = [
    "numbers-0",
    "numbers-1",
    "numbers-2",
    "numbers-3",
    "numbers-4",
    "numbers-5",
    "numbers-6",
    "numbers-7",
    "numbers-8",
    "numbers-9",
];

fn at(number: u32) -> usize {
    number as usize
}

fn twice(text: String) -> (String, String) {
    (text.clone(), text)
}

const FRENCH: [&str; 20] = [
    "zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze", "treize",
    "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf",
];
const FRENCH_TENS: [&str; 10] =
    ["", "", "vingt", "trente", "quarante", "cinquante", "soixante", "soixante", "quatre-vingt", "quatre-vingt"];

fn french(number: u32) -> (String, String) {
    let tens = FRENCH_TENS[at(number / 10)];
    let text = match number {
        0..=19 => FRENCH[at(number)].to_owned(),
        80 => "quatre-vingts".to_owned(),
        // 70 to 79 count on from sixty, 90 to 99 from eighty.
        71 => "soixante et onze".to_owned(),
        70..=79 | 81..=99 => format!("{tens}-{}", FRENCH[at(if number < 80 { number - 60 } else { number - 80 })]),
        _ if number.is_multiple_of(10) => tens.to_owned(),
        _ if number % 10 == 1 => format!("{tens} et un"),
        _ => format!("{tens}-{}", FRENCH[at(number % 10)]),
    };
    twice(text)
}

const ENGLISH: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const ENGLISH_TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

fn english(number: u32) -> (String, String) {
    let tens = ENGLISH_TENS[at(number / 10)];
    twice(match number {
        0..=19 => ENGLISH[at(number)].to_owned(),
        _ if number.is_multiple_of(10) => tens.to_owned(),
        _ => format!("{tens}-{}", ENGLISH[at(number % 10)]),
    })
}

const SPANISH: [&str; 30] = [
    "cero",
    "uno",
    "dos",
    "tres",
    "cuatro",
    "cinco",
    "seis",
    "siete",
    "ocho",
    "nueve",
    "diez",
    "once",
    "doce",
    "trece",
    "catorce",
    "quince",
    "dieciséis",
    "diecisiete",
    "dieciocho",
    "diecinueve",
    "veinte",
    "veintiuno",
    "veintidós",
    "veintitrés",
    "veinticuatro",
    "veinticinco",
    "veintiséis",
    "veintisiete",
    "veintiocho",
    "veintinueve",
];
const SPANISH_TENS: [&str; 10] =
    ["", "", "", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"];
const SPANISH_HUNDREDS: [&str; 9] = [
    "cien",
    "doscientos",
    "trescientos",
    "cuatrocientos",
    "quinientos",
    "seiscientos",
    "setecientos",
    "ochocientos",
    "novecientos",
];

fn spanish(number: u32) -> (String, String) {
    let tens = SPANISH_TENS[at(number / 10)];
    twice(match number {
        0..=29 => SPANISH[at(number)].to_owned(),
        _ if number.is_multiple_of(10) => tens.to_owned(),
        _ => format!("{tens} y {}", SPANISH[at(number % 10)]),
    })
}

const PORTUGUESE: [&str; 20] = [
    "zero",
    "um",
    "dois",
    "três",
    "quatro",
    "cinco",
    "seis",
    "sete",
    "oito",
    "nove",
    "dez",
    "onze",
    "doze",
    "treze",
    "catorze",
    "quinze",
    "dezasseis",
    "dezassete",
    "dezoito",
    "dezanove",
];
const PORTUGUESE_TENS: [&str; 10] =
    ["", "", "vinte", "trinta", "quarenta", "cinquenta", "sessenta", "setenta", "oitenta", "noventa"];
const PORTUGUESE_HUNDREDS: [&str; 9] = [
    "cem",
    "duzentos",
    "trezentos",
    "quatrocentos",
    "quinhentos",
    "seiscentos",
    "setecentos",
    "oitocentos",
    "novecentos",
];

fn portuguese(number: u32) -> (String, String) {
    let tens = PORTUGUESE_TENS[at(number / 10)];
    twice(match number {
        0..=19 => PORTUGUESE[at(number)].to_owned(),
        _ if number.is_multiple_of(10) => tens.to_owned(),
        _ => format!("{tens} e {}", PORTUGUESE[at(number % 10)]),
    })
}

/// Latin letters by their names in Arabic writing.
const ARABIC_LETTERS: [&str; 26] = [
    "إيه",
    "بي",
    "سي",
    "دي",
    "إي",
    "إف",
    "جي",
    "إتش",
    "آي",
    "جيه",
    "كيه",
    "إل",
    "إم",
    "إن",
    "أو",
    "پي",
    "كيو",
    "آر",
    "إس",
    "تي",
    "يو",
    "ڤي",
    "دبليو",
    "إكس",
    "واي",
    "زد",
];

/// Units as they stand alone (text, with vowels and the silent ending), and before "and" with their full ending. A
/// doubled consonant is written out as two, since the synthesiser drops it before a long vowel.
const ARABIC: [(&str, &str, &str); 10] = [
    ("صفر", "صِفْر", ""),
    ("واحد", "وَاحِد", "وَاحِدٌ"),
    ("اثنان", "اِثْنَان", "اِثْنَانِ"),
    ("ثلاثة", "ثَلَاثَه", "ثَلَاثَةٌ"),
    ("أربعة", "أَرْبَعَه", "أَرْبَعَةٌ"),
    ("خمسة", "خَمْسَه", "خَمْسَةٌ"),
    ("ستة", "سِتْتَه", "سِتْتَةٌ"),
    ("سبعة", "سَبْعَه", "سَبْعَةٌ"),
    ("ثمانية", "ثَمَانِيَه", "ثَمَانِيَةٌ"),
    ("تسعة", "تِسْعَه", "تِسْعَةٌ"),
];
/// Units of 11 to 19, before "ten".
const ARABIC_TEENS: [(&str, &str); 9] = [
    ("أحد", "أَحَدَ"),
    ("اثنا", "اِثْنَا"),
    ("ثلاثة", "ثَلَاثَةَ"),
    ("أربعة", "أَرْبَعَةَ"),
    ("خمسة", "خَمْسَةَ"),
    ("ستة", "سِتْتَةَ"),
    ("سبعة", "سَبْعَةَ"),
    ("ثمانية", "ثَمَانِيَةَ"),
    ("تسعة", "تِسْعَةَ"),
];
const ARABIC_TENS: [(&str, &str); 8] = [
    ("عشرون", "عِشْرُون"),
    ("ثلاثون", "ثَلَاثُون"),
    ("أربعون", "أَرْبَعُون"),
    ("خمسون", "خَمْسُون"),
    ("ستون", "سِتْتُون"),
    ("سبعون", "سَبْعُون"),
    ("ثمانون", "ثَمَانُون"),
    ("تسعون", "تِسْعُون"),
];
/// Hundreds: text, alone, and before "and" with the "and" at their end.
const ARABIC_HUNDREDS: [(&str, &str, &str); 9] = [
    ("مئة", "مِئَه", "مِئَةٌ وَ"),
    ("مئتان", "مِئَتَان", "مِئَتَانِ وَ"),
    ("ثلاثمئة", "ثَلَاثُ مِئَه", "ثَلَاثُ مِئَةٌ وَ"),
    ("أربعمئة", "أَرْبَعُ مِئَه", "أَرْبَعُ مِئَةٌ وَ"),
    ("خمسمئة", "خَمْسُ مِئَه", "خَمْسُ مِئَةٌ وَ"),
    ("ستمئة", "سِتْتُ مِئَه", "سِتْتُ مِئَةٌ وَ"),
    ("سبعمئة", "سَبْعُ مِئَه", "سَبْعُ مِئَةٌ وَ"),
    ("ثمانمئة", "ثَمَانِ مِئَه", "ثَمَانِ مِئَةٌ وَ"),
    ("تسعمئة", "تِسْعُ مِئَه", "تِسْعُ مِئَةٌ وَ"),
];

fn arabic(number: u32) -> (String, String) {
    let (unit, unit_alone, unit_before_and) = ARABIC[at(number % 10)];
    match number {
        0..=9 => (unit.to_owned(), unit_alone.to_owned()),
        10 => ("عشرة".to_owned(), "عَشَرَه".to_owned()),
        11..=19 => {
            let (text, spoken) = ARABIC_TEENS[at(number - 11)];
            (format!("{text} عشر"), format!("{spoken} عَشَر"))
        }
        _ => {
            let (tens, tens_spoken) = ARABIC_TENS[at(number / 10 - 2)];
            if number.is_multiple_of(10) {
                return (tens.to_owned(), tens_spoken.to_owned());
            }
            (format!("{unit} و{tens}"), format!("{unit_before_and} وَ{tens_spoken}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(language: &str, id: &str) -> String {
        let voice = VOICES.iter().find(|voice| voice.language == language).unwrap();
        clips(voice).into_iter().find(|clip| clip.id == id).unwrap().text
    }

    #[test]
    fn numbers_follow_each_language() {
        for (language, id, wanted) in [
            ("fr", "number-21", "vingt et un"),
            ("fr", "number-45", "quarante-cinq"),
            ("fr", "number-66", "soixante-six"),
            ("fr", "number-70", "soixante-dix"),
            ("fr", "number-71", "soixante et onze"),
            ("fr", "number-76", "soixante-seize"),
            ("fr", "number-80", "quatre-vingts"),
            ("fr", "number-81", "quatre-vingt-un"),
            ("fr", "number-90", "quatre-vingt-dix"),
            ("fr", "number-91", "quatre-vingt-onze"),
            ("fr", "number-99", "quatre-vingt-dix-neuf"),
            ("fr", "hundred-1", "cent"),
            ("fr", "hundred-2", "deux cents"),
            ("fr", "hundred-and-2", "deux cent"),
            ("en", "number-45", "forty-five"),
            ("en", "number-90", "ninety"),
            ("en", "hundred-and-2", "two hundred and"),
            ("es", "number-16", "dieciséis"),
            ("es", "number-31", "treinta y uno"),
            ("es", "hundred-1", "cien"),
            ("es", "hundred-and-1", "ciento"),
            ("es", "hundred-5", "quinientos"),
            ("pt", "number-16", "dezasseis"),
            ("pt", "number-45", "quarenta e cinco"),
            ("pt", "hundred-1", "cem"),
            ("pt", "hundred-and-1", "cento e"),
            ("ar", "number-12", "اثنا عشر"),
            ("ar", "number-45", "خمسة وأربعون"),
            ("ar", "hundred-and-2", "مئتان و"),
            ("ar", "letter-b", "بي"),
        ] {
            assert_eq!(text(language, id), wanted, "{language} {id}");
        }
    }

    #[test]
    fn every_language_has_the_same_clips_each_once_and_none_is_empty() {
        for voice in VOICES {
            let clips = clips(voice);
            let ids: std::collections::BTreeSet<&str> = clips.iter().map(|clip| clip.id.as_str()).collect();
            assert_eq!((ids.len(), clips.len()), (148, 148), "{}", voice.language);
            assert!(clips.iter().all(|clip| !clip.text.is_empty() && !clip.spoken.trim_matches('.').is_empty()));
            let texts: std::collections::BTreeSet<&str> =
                clips.iter().filter(|clip| clip.id.starts_with("number-")).map(|clip| clip.text.as_str()).collect();
            assert_eq!(texts.len(), 100, "{}: two numbers sound alike", voice.language);
            assert_eq!(groups(&clips).iter().map(|group| group.clips.len()).sum::<usize>(), 148);
        }
    }
}
