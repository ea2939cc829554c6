//! Wrapping text of the printer's own letters to columns. Works on bytes of the page, so that a line is as long as it will be
//! on paper. Knows no commands.

/// Splits text into lines of at most `columns` bytes, as few as possible and all of them about as long as each other: one word
/// alone on the last line looks like a mistake.
pub(super) fn wrap(text: &[u8], columns: usize) -> Vec<Vec<u8>> {
    let mut lines = fill(text, columns);
    for narrower in (1..columns).rev() {
        let even = fill(text, narrower);
        if even.len() > lines.len() || lines.len() < 2 {
            break;
        }
        lines = even;
    }
    lines
}

/// As much on each line as fits: breaks at spaces where there are some, inside a word that is longer than a whole line. A
/// no-break space never breaks. Spaces at a line's ends are left out; an empty text gives one empty line.
fn fill(text: &[u8], columns: usize) -> Vec<Vec<u8>> {
    let columns = columns.max(1);
    let mut lines: Vec<Vec<u8>> = vec![Vec::new()];
    for word in text.split(|byte| *byte == b' ').filter(|word| !word.is_empty()) {
        let mut word = word;
        let room = |line: &Vec<u8>| columns - line.len();
        let mut last = lines.len() - 1;
        let space = usize::from(!lines[last].is_empty());
        if space == 1 && room(&lines[last]) < word.len() + 1 {
            lines.push(Vec::new());
            last += 1;
        } else if space == 1 {
            lines[last].push(b' ');
        }
        while word.len() > room(&lines[last]) {
            let (head, tail) = word.split_at(room(&lines[last]));
            lines[last].extend_from_slice(head);
            word = tail;
            lines.push(Vec::new());
            last += 1;
        }
        lines[last].extend_from_slice(word);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &[u8], columns: usize) -> Vec<String> {
        fill(text, columns).iter().map(|line| line.iter().map(|byte| char::from(*byte)).collect()).collect()
    }

    #[test]
    fn lines_are_about_as_long_as_each_other() {
        let shown =
            |columns| wrap(b"Suivez votre tour sur votre mobile", columns).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(shown(48), [34]);
        assert_eq!(shown(32), [17, 16], "not 27 and 6");
        assert_eq!(shown(12).len(), fill(b"Suivez votre tour sur votre mobile", 12).len());
    }

    #[test]
    fn words_move_to_the_next_line_whole() {
        assert_eq!(shown(b"Veuillez patienter ici", 10), ["Veuillez", "patienter", "ici"]);
        assert_eq!(shown(b"un deux trois", 7), ["un deux", "trois"]);
        assert_eq!(shown(b"exact", 5), ["exact"]);
        assert_eq!(shown(b"", 5), [""]);
        assert_eq!(shown(b"  a   b  ", 5), ["a b"]);
    }

    #[test]
    fn a_word_longer_than_the_paper_is_split_and_loses_nothing() {
        assert_eq!(shown(b"ab abcdefghij k", 4), ["ab", "abcd", "efgh", "ij k"]);
    }

    #[test]
    fn a_no_break_space_holds_its_words_together() {
        assert_eq!(shown(b"vers 12\xA0h", 7), ["vers", "12\u{A0}h"]);
    }
}
