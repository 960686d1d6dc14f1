//! The binary: reads the command line, runs a command, turns errors into one sentence and an exit code.
//! What the commands do is in `command`; how the parts are joined, in `wiring`.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod archive;
mod banner;
mod cli;
mod client;
mod command;
mod config;
mod doors;
mod exit;
mod imports;
mod replays;
mod sql;
mod summary;
mod table;
mod wiring;
#[cfg(test)]
mod wiring_tests;

use clap::Parser;
use cli::{Cli, Command};
use exit::Exit;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            let _ = usage.print();
            return if usage.use_stderr() {
                Exit::Usage
            } else {
                Exit::Done
            }
            .into();
        }
    };
    match run(cli) {
        Ok(exit) => exit.into(),
        Err(error) => exit::explain(&error).into(),
    }
}

fn run(cli: Cli) -> anyhow::Result<Exit> {
    if let Command::Run(cli::RunRole {
        role: cli::Role::Sql,
    }) = cli.command
    {
        return sql::serve(); // it has no settings of its own
    }
    let config = config::load(&cli.settings)?;
    match cli.command {
        Command::Run(_) => sql::serve(),
        Command::Up => command::up::run(config),
        Command::Demo(options) => command::demo::run(config, &options),
        Command::Ingest(options) => command::ingest::run(config, &options),
        Command::Simulate(options) => command::simulate::run(&options, &config.data_dir),
        Command::Imports(options) => command::imports::run(&config, &options),
        Command::Quarantine(options) => command::quarantine::run(&config, &options),
        Command::Mappings(options) => command::mappings::run(&config, &options),
        Command::Audit(options) => command::audit::run(&config, &options),
        Command::Backtest(options) => command::backtest::run(&config, &options),
        Command::Bench(options) => command::bench::run(&config, &options),
        Command::Sql(options) => command::sql::run(&config, &options),
        Command::Config(options) => command::config::run(&config, &options),
    }
}
