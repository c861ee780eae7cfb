//! Parses a run-book into sections. A section has commands, expected results, and commands to go
//! back.

/// A run-book.
pub struct Book {
    pub sections: Vec<Section>,
}

/// The text below a heading.
#[derive(Default)]
pub struct Section {
    pub title: String,
    pub steps: Vec<Block>,
    /// The commands to go back.
    pub back: Vec<Block>,
}

/// A code block, and the text up to the next block.
pub struct Block {
    pub language: String,
    pub text: String,
    pub expected: String,
}

pub fn read(text: &str) -> Book {
    let mut sections: Vec<Section> = Vec::new();
    let mut is_back = false;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(title) = line.strip_prefix("## ") {
            sections.push(Section { title: title.to_owned(), ..Section::default() });
            is_back = false;
            continue;
        }
        let Some(section) = sections.last_mut() else { continue };
        if line.starts_with("To go back") {
            is_back = true;
        }
        let blocks = if is_back { &mut section.back } else { &mut section.steps };
        if let Some(language) = line.strip_prefix("```") {
            let text: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push(Block { language: language.to_owned(), text: text.join("\n"), expected: String::new() });
        } else if let Some(block) = blocks.last_mut() {
            block.expected.push_str(line);
            block.expected.push('\n');
        }
    }
    Book { sections }
}
