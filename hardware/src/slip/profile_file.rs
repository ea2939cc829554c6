//! The files of `assets/printers`: one model each, every figure with its source. Reads text; opens no file and asks no printer.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::profile::{
    CodeDrawing, CodePage, CodeTable, CutCommand, DoubleByte, Fence, MotionUnits, NvGraphics, PaperWidth,
    PrinterProfile, ProfileError, Provenance, ProvenanceKind, RasterAlignment, RasterCommand, Smoothing,
};

macro_rules! file {
    ($name:literal) => {
        ($name, include_str!(concat!("../../../assets/printers/", $name, ".toml")))
    };
}

/// Name and text of every profile that comes with the program; the first two are the ones that are used by default.
const FILES: [(&str, &str); 10] = [
    file!("epson-tm"),
    file!("generic"),
    file!("epson-tm-t20iii"),
    file!("epson-tm-t88v"),
    file!("epson-tm-t88vi"),
    file!("epson-tm-m30"),
    file!("generic-80"),
    file!("pos-5890"),
    file!("star-escpos"),
    file!("custom-kiosk"),
];

/// The text of a profile that comes with the program.
pub(super) fn embedded(name: &str) -> Option<&'static str> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The names of the profiles that come with the program.
pub(super) fn names() -> Vec<&'static str> {
    FILES.iter().map(|(name, _)| *name).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    title: String,
    sources: BTreeMap<String, Source>,
    figures: Figures,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    kind: ProvenanceKind,
    title: String,
}

/// A figure and the name of its source.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Figure<T> {
    is: T,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Figures {
    dpi: Figure<u16>,
    dots_58: Option<Figure<u16>>,
    dots_80: Option<Figure<u16>>,
    speed_mm_s: Figure<u16>,
    feed_to_cutter_mm: Figure<u16>,
    fence: Figure<Fence>,
    smoothing: Figure<Smoothing>,
    double_byte: Figure<DoubleByte>,
    wpc1252_page: Option<Figure<u8>>,
    pc858_page: Option<Figure<u8>>,
    motion_units: Figure<MotionUnits>,
    qr: Figure<CodeDrawing>,
    barcode: Figure<CodeDrawing>,
    raster: Figure<RasterCommand>,
    raster_alignment: Figure<RasterAlignment>,
    cut: Figure<CutCommand>,
    nv_graphics: Figure<NvGraphics>,
}

/// Takes figures apart and remembers where each came from.
struct Reader {
    sources: BTreeMap<String, Source>,
    provenance: Vec<Provenance>,
}

impl Reader {
    fn take<T>(&mut self, name: &'static str, figure: Figure<T>) -> Result<T, ProfileError> {
        let Some(Source { kind, title }) = self.sources.get(&figure.source) else {
            return Err(ProfileError::Form(format!("figures.{name}: no source is called `{}`", figure.source)));
        };
        self.provenance.push(Provenance { figure: name, kind: *kind, source: title.clone() });
        Ok(figure.is)
    }

    /// A number that something is divided by, or that is at least this large on every printer there is.
    fn take_at_least(&mut self, least: u16, name: &'static str, figure: Figure<u16>) -> Result<u16, ProfileError> {
        let value = self.take(name, figure)?;
        if value < least {
            return Err(ProfileError::Form(format!("figures.{name}: {value} is less than {least}")));
        }
        Ok(value)
    }
}

/// Reads a profile's file for one width of paper.
pub(super) fn read(text: &str, paper: PaperWidth) -> Result<PrinterProfile, ProfileError> {
    let File { name, title, sources, figures } =
        toml::from_str(text).map_err(|error| ProfileError::Form(error.to_string()))?;
    let Figures {
        dpi,
        dots_58,
        dots_80,
        speed_mm_s,
        feed_to_cutter_mm,
        fence,
        smoothing,
        double_byte,
        wpc1252_page,
        pc858_page,
        motion_units,
        qr,
        barcode,
        raster,
        raster_alignment,
        cut,
        nv_graphics,
    } = figures;
    let (dots_name, dots) = match paper {
        PaperWidth::Mm58 => ("dots_58", dots_58),
        PaperWidth::Mm80 => ("dots_80", dots_80),
    };
    let Some(dots) = dots else {
        return Err(ProfileError::Paper { name, paper });
    };
    let mut reader = Reader { sources, provenance: Vec::new() };
    let wpc1252 = wpc1252_page.map(|page| reader.take("wpc1252_page", page)).transpose()?;
    let pc858 = pc858_page.map(|page| reader.take("pc858_page", page)).transpose()?;
    let page = |table, number: Option<u8>| number.map(|number| CodePage { table, number });
    Ok(PrinterProfile {
        name,
        title,
        paper,
        dots: reader.take_at_least(200, dots_name, dots)?,
        dpi: reader.take_at_least(100, "dpi", dpi)?,
        speed_mm_s: reader.take_at_least(1, "speed_mm_s", speed_mm_s)?,
        feed_to_cutter_mm: reader.take("feed_to_cutter_mm", feed_to_cutter_mm)?,
        fence: reader.take("fence", fence)?,
        smoothing: reader.take("smoothing", smoothing)?,
        double_byte: reader.take("double_byte", double_byte)?,
        code_page: page(CodeTable::Wpc1252, wpc1252).or(page(CodeTable::Pc858, pc858)),
        motion_units: reader.take("motion_units", motion_units)?,
        qr: reader.take("qr", qr)?,
        barcode: reader.take("barcode", barcode)?,
        raster: reader.take("raster", raster)?,
        raster_alignment: reader.take("raster_alignment", raster_alignment)?,
        cut: reader.take("cut", cut)?,
        nv_graphics: reader.take("nv_graphics", nv_graphics)?,
        provenance: reader.provenance,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_reads_and_says_where_each_figure_comes_from() {
        for (name, text) in FILES {
            let readable: Vec<_> =
                [PaperWidth::Mm58, PaperWidth::Mm80].into_iter().filter_map(|paper| read(text, paper).ok()).collect();
            assert!(!readable.is_empty(), "{name}: {:?}", read(text, PaperWidth::Mm80));
            for profile in readable {
                assert_eq!(profile.name, name, "the file and its profile have one name");
                let figures = 14 + usize::from(profile.code_page.is_some());
                assert!(profile.provenance.len() >= figures, "{name}: {:?}", profile.provenance);
                assert!(profile.provenance.iter().all(|provenance| provenance.source.len() > 10), "{name}");
            }
        }
    }

    #[test]
    fn the_models_differ_where_it_matters() {
        let wide = |name| PrinterProfile::by_name(name, PaperWidth::Mm80).expect(name);
        assert_eq!((wide("epson-tm").dots, wide("epson-tm").columns()), (576, 48));
        assert_eq!(
            (wide("epson-tm-t88v").dots, wide("epson-tm-t88v").columns(), wide("epson-tm-t88v").dpi),
            (512, 42, 180)
        );
        assert_eq!(wide("custom-kiosk").cut, CutCommand::Full);
        assert_eq!(wide("custom-kiosk").code_page, Some(CodePage { table: CodeTable::Pc858, number: 19 }));
        assert_eq!(wide("generic").double_byte, DoubleByte::MayBeOn);
        let error = PrinterProfile::by_name("pos-5890", PaperWidth::Mm80).expect_err("a 58 mm model");
        assert_eq!(error.to_string(), "the printer `pos-5890` does not take paper of 80 mm");
        assert!(
            PrinterProfile::by_name("lp-1", PaperWidth::Mm80)
                .expect_err("no such model")
                .to_string()
                .contains("epson-tm-m30")
        );
    }

    #[test]
    fn a_wrong_file_is_refused_with_its_place() {
        let good = embedded("generic").expect("it comes with the program");
        for (from, to, said) in [
            ("is = 60", "is = 0", "figures.speed_mm_s: 0 is less than 1"),
            ("is = \"padding\"", "is = \"maybe\"", "maybe"),
            ("is = 203, source = \"safe\"", "is = 203, source = \"hearsay\"", "no source is called `hearsay`"),
            ("title = \"Any", "titel = \"Any", "titel"),
        ] {
            let bad = good.replace(from, to);
            assert_ne!(bad, good, "{from}");
            let error = read(&bad, PaperWidth::Mm80).expect_err(from).to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
