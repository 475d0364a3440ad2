//! `pinwheel config`: what is wrong with the settings, and what is in force.

use std::io::Write;

use crate::config::{Config, Effective, Sources};

#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand, Clone, Copy, Debug)]
enum Action {
    /// Say what is wrong with the settings, all at once
    Check,
    /// Print the settings in force as TOML, with where each comes from; secrets are hidden
    Show,
}

/// Runs the command; results go to `out`. `check_channels` has the last word: it knows the adapters.
pub fn run(
    args: &Args,
    sources: Sources,
    check_channels: impl FnOnce(&Config) -> anyhow::Result<()>,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let file = sources.file.clone();
    let effective = Effective::load(sources)?;
    match args.action {
        Action::Check => {
            check_channels(&effective.config)?;
            let file = file.map_or_else(|| "no settings file".to_owned(), |path| path.display().to_string());
            writeln!(out, "settings are valid ({file})")?;
        }
        Action::Show => write!(out, "{}", effective.to_toml())?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(action: Action, flags: &[&str], channels_are_valid: bool) -> Result<String, String> {
        let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let sources = Sources { flags, ..Sources::default() };
        let check = |_: &Config| if channels_are_valid { Ok(()) } else { anyhow::bail!("no channel `pigeon`") };
        let mut out = Vec::new();
        run(&Args { action }, sources, check, &mut out).map_err(|error| error.to_string())?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn check_says_what_is_wrong() {
        assert_eq!(ran(Action::Check, &[], true).unwrap(), "settings are valid (no settings file)\n");
        assert_eq!(ran(Action::Check, &[], false).unwrap_err(), "no channel `pigeon`");
        let error = ran(Action::Check, &["hook.attempts_max=4"], true).unwrap_err();
        assert_eq!(error, "--set hook.attempts_max: `hook.attempts_max` is `4`, but must be from 1 to 3");
    }

    #[test]
    fn show_prints_what_is_in_force_and_why() {
        let shown = ran(Action::Show, &["hook.timeout=5s"], false).unwrap();
        assert!(shown.contains("\ntimeout = \"5s\" # --set hook.timeout\n"), "{shown}");
        assert!(shown.contains("\nattempts_max = 3\n"), "{shown}");
    }
}
