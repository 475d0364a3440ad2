//! How a load test is going: a screen on a terminal, else a line a second; on standard error.

use std::io::{IsTerminal as _, Stderr, stderr};
use std::sync::Arc;
use std::time::Duration;

use ratatui::Frame;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen};
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Stylize as _};
use ratatui::text::Line;
use ratatui::widgets::{Block, Gauge, Paragraph, Sparkline};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::loadtest::Live;

/// How often the screen is drawn.
const LOOK: Duration = Duration::from_millis(250);

/// A screen that is kept up to date until its end.
pub struct Screen {
    over: CancellationToken,
    task: JoinHandle<()>,
}

impl Screen {
    /// Shows what `live` says. After `stop` there are only lines: one more signal ends the process, and must find the
    /// terminal as it was.
    pub fn start(title: String, live: watch::Receiver<Live>, stop: CancellationToken, clock: Arc<dyn Clock>) -> Self {
        let over = CancellationToken::new();
        let task = tokio::spawn(show(title, live, stop, clock, over.clone()));
        Self { over, task }
    }

    /// Leaves the terminal as it was.
    pub async fn end(self) {
        self.over.cancel();
        // It never panics but for a bug, and then the report still counts.
        let _ = self.task.await;
    }
}

async fn show(
    title: String,
    live: watch::Receiver<Live>,
    stop: CancellationToken,
    clock: Arc<dyn Clock>,
    over: CancellationToken,
) {
    // A terminal that cannot be taken over still takes lines.
    let mut terminal = if stderr().is_terminal() { Terminal::open().ok() } else { None };
    let mut said = 0;
    while over.run_until_cancelled(clock.sleep(LOOK)).await.is_some() {
        let now = live.borrow().clone();
        if stop.is_cancelled() && terminal.take().is_some() {
            eprintln!("stopping: calls in flight are awaited; once more to end at once, without a report");
        }
        match &mut terminal {
            Some(open) => {
                if open.0.draw(|frame| draw(frame, &title, &now)).is_err() {
                    terminal = None;
                }
            }
            None => {
                // A search begins to count anew at each rate.
                let seconds = now.p99s_ms.len();
                if seconds != said && seconds > 0 {
                    eprintln!("{}", line(&now));
                }
                said = seconds;
            }
        }
    }
}

/// The terminal, taken over until this is dropped. Keys keep their meaning: Ctrl-C is a signal.
struct Terminal(ratatui::Terminal<CrosstermBackend<Stderr>>);

impl Terminal {
    fn open() -> std::io::Result<Self> {
        let terminal = Self(ratatui::Terminal::new(CrosstermBackend::new(stderr()))?);
        execute!(stderr(), EnterAlternateScreen, cursor::Hide)?;
        Ok(terminal)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = execute!(stderr(), LeaveAlternateScreen, cursor::Show);
    }
}

fn ms(ms: Option<f64>) -> String {
    ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.1} ms"))
}

fn failures(live: &Live) -> String {
    if live.failures.is_empty() {
        return "none".to_owned();
    }
    live.failures.iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", ")
}

fn phase(live: &Live) -> &'static str {
    if live.elapsed < live.warm_up {
        "warm-up"
    } else if live.elapsed < live.duration {
        "running"
    } else {
        "waiting for calls in flight"
    }
}

fn line(live: &Live) -> String {
    let last = &live.last;
    format!(
        "{}/{} s {}  due {:.0}/s  sent {}/s  in flight {}  p50 {}  p99 {}  lag {:.1} ms  failures {}",
        live.elapsed.as_secs(),
        live.duration.as_secs(),
        phase(live),
        live.rate_per_s,
        last.sent,
        live.in_flight,
        ms(last.p50_ms),
        ms(last.p99_ms),
        last.lag_max_ms,
        failures(live),
    )
}

fn draw(frame: &mut Frame<'_>, title: &str, live: &Live) {
    let [head, bar, figures, trend, _] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(9),
        Constraint::Length(10),
        Constraint::Min(0),
    ])
    .areas(frame.area());
    frame.render_widget(Paragraph::new(title.to_owned()).bold(), head);

    let left = live.duration.saturating_sub(live.elapsed);
    let share = live.elapsed.as_secs_f64() / live.duration.as_secs_f64().max(f64::MIN_POSITIVE);
    let label = format!("{}, {} s left", phase(live), left.as_secs());
    frame.render_widget(Gauge::default().ratio(share.clamp(0.0, 1.0)).label(label).gauge_style(Color::Blue), bar);

    let last = &live.last;
    let row = |name: &str, value: String| Line::from(format!(" {name:<14}{value}"));
    let lag = row("schedule lag", format!("{:.1} ms at most", last.lag_max_ms));
    let failed = row("failures", failures(live));
    let figures_text = vec![
        row("due", format!("{:.0}/s", live.rate_per_s)),
        row("sent", format!("{}/s", last.sent)),
        row("in flight", live.in_flight.to_string()),
        row("p50", ms(last.p50_ms)),
        row("p99", ms(last.p99_ms)),
        if last.lag_max_ms > 5.0 { lag.fg(Color::Yellow) } else { lag },
        if live.failures.is_empty() { failed } else { failed.fg(Color::Red) },
    ];
    let so_far = format!(" last second; so far {} of {} calls succeeded ", live.succeeded, live.intended);
    frame.render_widget(Paragraph::new(figures_text).block(Block::bordered().title(so_far)), figures);

    let block = Block::bordered().title(" p99, by second ");
    let width = usize::from(block.inner(trend).width);
    let shown = &live.p99s_ms[live.p99s_ms.len().saturating_sub(width)..];
    // A tenth of a millisecond is fine enough for a bar of eight rows.
    let bars = shown.iter().map(|ms| (ms * 10.0).round() as u64);
    frame.render_widget(Sparkline::default().data(bars).block(block), trend);
}

#[cfg(test)]
mod tests {
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::loadtest::report::Second;

    fn live() -> Live {
        Live {
            elapsed: Duration::from_secs(12),
            duration: Duration::from_secs(30),
            warm_up: Duration::from_secs(5),
            rate_per_s: 500.0,
            in_flight: 11,
            last: Second { sent: 499, p50_ms: Some(20.14), lag_max_ms: 0.3, ..Second::default() },
            p99s_ms: vec![10.0, 40.0, 80.0],
            intended: 6_000,
            succeeded: 5_998,
            failures: vec![("throttled".to_owned(), 2)],
        }
    }

    #[test]
    fn a_line_says_how_it_is_going() {
        let expected = "12/30 s running  due 500/s  sent 499/s  in flight 11  p50 20.1 ms  p99 -  lag 0.3 ms  \
                        failures 2 throttled";
        assert_eq!(line(&live()), expected);
    }

    #[test]
    fn the_screen_has_figures_and_a_trend_on_any_terminal() {
        for (width, height) in [(80, 24), (20, 5), (1, 1)] {
            let mut terminal = ratatui::Terminal::new(TestBackend::new(width, height)).unwrap();
            terminal.draw(|frame| draw(frame, "pinwheel load f", &live())).unwrap();
            terminal.draw(|frame| draw(frame, "pinwheel load f", &Live::default())).unwrap();
            terminal.draw(|frame| draw(frame, "pinwheel load f", &live())).unwrap();
            let cells = terminal.backend().buffer().content();
            let text: String = cells.iter().map(ratatui::buffer::Cell::symbol).collect();
            if width == 80 {
                for expected in ["pinwheel load f", "running, 18 s left", "500/s", "2 throttled", "p99, by second", "█"]
                {
                    assert!(text.contains(expected), "{expected}: {text}");
                }
            }
        }
    }
}
