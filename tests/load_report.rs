//! The pages of load tests in a real browser: headless Chromium, with a proxy that hears whatever it asks for.
//!
//! Screenshots stay in `target/tmp`, to be looked at.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use pinwheel::loadtest::report::compare::compare;
use pinwheel::loadtest::report::{Report, html};

const WIDTH: u32 = 1180;
const HEIGHT: u32 = 3600;

/// What a browser made of a page.
struct Seen {
    /// What it printed, such as the document.
    stdout: String,
    /// Its console: errors, and refusals by the page's own policy.
    console: Vec<String>,
    /// The first lines of requests that are not the browser's own.
    requests: Vec<String>,
}

fn browse(page: &Path, flags: &[String]) -> Seen {
    let profile = tempfile::tempdir().unwrap();
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = proxy.local_addr().unwrap().port();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&requests);
    thread::spawn(move || {
        for connection in proxy.incoming().flatten() {
            let heard = Arc::clone(&heard);
            thread::spawn(move || heard.lock().unwrap().extend(first_line(connection)));
        }
    });
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"])
        .args(["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--enable-logging=stderr", "--proxy-bypass-list=<-loopback>"])
        .arg(format!("--proxy-server=127.0.0.1:{port}"))
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(flags)
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("the package `chromium` is installed");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let console = stderr.lines().filter(|line| line.contains(":CONSOLE")).map(str::to_owned).collect();
    let requests = requests.lock().unwrap().iter().filter(|line| is_for_the_page(line)).cloned().collect();
    Seen { stdout: String::from_utf8_lossy(&output.stdout).into_owned(), console, requests }
}

/// Proxies are asked for whole URLs; for a path alone asks somebody who knew the port's owner before. And the browser looks
/// for updates of its own, which no flag turns off entirely.
fn is_for_the_page(line: &str) -> bool {
    line.split(' ').nth(1).is_some_and(|target| !target.starts_with('/')) && !line.contains("google")
}

fn first_line(connection: TcpStream) -> Option<String> {
    let mut line = String::new();
    BufReader::new(connection).read_line(&mut line).ok()?;
    Some(line)
}

fn document(page: &Path) -> Seen {
    browse(page, &["--dump-dom".to_owned()])
}

/// The page's pixels, and where they are kept.
struct Picture {
    file: PathBuf,
    pixels: Vec<[u8; 3]>,
}

impl Picture {
    fn of(page: &Path, scheme: &str) -> Self {
        let file = page.with_extension(format!("{scheme}.png"));
        let mut flags = vec![format!("--screenshot={}", file.display()), format!("--window-size={WIDTH},{HEIGHT}")];
        if scheme == "dark" {
            flags.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        let seen = browse(page, &flags);
        assert_eq!((seen.console, seen.requests), (Vec::new(), Vec::new()), "{}", file.display());
        let mut reader = png::Decoder::new(BufReader::new(fs::File::open(&file).unwrap())).read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        assert_eq!((info.width, info.height), (WIDTH, HEIGHT));
        let samples = info.color_type.samples();
        let pixels = bytes[..info.buffer_size()].chunks(samples).map(|pixel| [pixel[0], pixel[1], pixel[2]]);
        Self { file, pixels: pixels.collect() }
    }

    /// Pixels of exactly this colour, written as in style sheets.
    fn count(&self, color: &str) -> usize {
        let part = |at: usize| u8::from_str_radix(&color[at..at + 2], 16).unwrap();
        let wanted = [part(1), part(3), part(5)];
        self.pixels.iter().filter(|pixel| **pixel == wanted).count()
    }
}

fn report(name: &str) -> Report {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/load").join(name);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Writes a page where its screenshots will lie too.
fn page(name: &str, html: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name).with_extension("html");
    fs::write(&path, html).unwrap();
    path
}

/// The colours of lines and bars in the light and in the dark, from the page's own style sheet.
fn inks(html: &str, names: &[&str]) -> [Vec<String>; 2] {
    let of = |nth: usize| {
        let value = |name: &&str| html.split(&format!("--{name}: ")).nth(nth).unwrap()[..7].to_owned();
        names.iter().map(value).collect()
    };
    [of(1), of(2)]
}

/// Every colour is there, on its own background.
fn is_drawn(name: &str, html: &str, names: &[&str]) {
    let page = page(name, html);
    let backgrounds = inks(html, &["page"]);
    for ((scheme, inks), background) in ["light", "dark"].into_iter().zip(inks(html, names)).zip(backgrounds) {
        let (picture, background) = (Picture::of(&page, scheme), &background[0]);
        let (file, all) = (picture.file.display(), picture.pixels.len());
        assert!(picture.count(background) > all / 2, "{file}: the page is not {background}");
        for ink in inks {
            let pixels = picture.count(&ink);
            assert!((200..all / 20).contains(&pixels), "{file}: {pixels} pixels of {ink}");
        }
        let colors: HashSet<_> = picture.pixels.iter().collect();
        assert!(colors.len() > 100, "{file}: {} colours", colors.len());
    }
}

#[test]
fn a_report_is_drawn_in_the_light_and_in_the_dark() {
    let html = html::report(&report("stalled.json"));
    is_drawn("load-report", &html, &["first", "second", "third", "bad"]);
}

#[test]
fn a_comparison_is_drawn_in_the_light_and_in_the_dark() {
    let (a, b) = (report("steady.json"), report("stalled.json"));
    let html = html::comparison(&compare(&a, &b), &a, &b);
    is_drawn("load-comparison", &html, &["first", "second"]);
}

#[test]
fn a_browser_finds_all_plots_and_nothing_to_complain_of() {
    let seen = document(&page("load-report-document", &html::report(&report("stalled.json"))));
    assert_eq!((seen.console, seen.requests), (Vec::new(), Vec::new()));
    let ids =
        ["percentiles", "latency-over-time", "rate-over-time", "schedule-error", "in-flight", "search", "failures"];
    assert_eq!(seen.stdout.matches("<svg").count(), ids.len());
    for id in ids {
        let figure = seen.stdout.split(&format!("<figure id=\"{id}\"")).nth(1).unwrap_or_else(|| panic!("no {id}"));
        let plot = figure.split("</figure>").next().unwrap();
        let shapes = plot.matches("<rect").count() + plot.matches("<circle").count();
        let longest = plot.split("points=\"").skip(1).map(|points| points.split('"').next().unwrap().len()).max();
        assert!(shapes >= 3 || longest.unwrap_or(0) > 100, "{id} is empty");
    }
    // The function's name tried to be a script.
    assert!(seen.stdout.contains("&lt;script&gt;alert('x')&lt;/script&gt;") && !seen.stdout.contains("<script"));
}

/// What the tests above rely on: a page that asks for something is heard, and our policy forbids it to.
#[test]
fn a_browser_would_complain() {
    let image = "<img src=\"http://example.invalid/x.png\">";
    let open = document(&page("load-open", &format!("{image}<script>console.log('heard')</script>")));
    assert!(open.console.iter().any(|line| line.contains("heard")), "{:?}", open.console);
    assert!(open.requests.iter().any(|line| line.contains("example.invalid")), "{:?}", open.requests);

    let ours = html::report(&report("steady.json")).replace("<main>", &format!("<main>{image}"));
    let closed = document(&page("load-closed", &ours));
    assert!(closed.console.iter().any(|line| line.contains("Content Security Policy")), "{:?}", closed.console);
    assert_eq!(closed.requests, Vec::<String>::new());
}
