//! Power cuts under load: a file system in a file is shut down at a random moment, so that everything that was not synced
//! is lost, as `kill -9` never shows. Needs the right to mount, `mkfs.ext4` and Perl; else it says SKIPPED.

use crate::{dir, lake, number};
use anyhow::{Context, Result, ensure};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tempfile::TempDir;
use testkit::{
    CrashLoop, Habits, Happenings, PlainEvent, Program, Server, check_lists, now_micros,
    produce_events,
};

/// Reads the id of a process, stops it and shuts its file system down within microseconds (`EXT4_IOC_SHUTDOWN` without
/// flushing the journal). The process must say nothing after the cut: a sync that is under way while the file system goes
/// down may return success although nothing was kept (Linux 6.18, one in twelve), which no real power cut lives to tell.
const CUT: &str = r#"open(my $dir, "<", $ARGV[0]) or die $!; my $flag = pack("L", 2); my $process = <STDIN>;
kill("STOP", $process) or die $! if $process > 0; ioctl($dir, 0x8004587D, $flag) or die $!"#;
/// Grows as it is filled.
const DISK_BYTES: u64 = 1 << 30;

/// An ext4 in a file; unmounted at the end.
struct LoopDisk {
    dir: TempDir,
    /// Holds the scissors ready: starting them would take milliseconds, and much is synced in one.
    scissors: Mutex<Option<Child>>,
}

impl LoopDisk {
    /// Nothing, and a word, where it cannot be.
    fn mount() -> Option<LoopDisk> {
        let disk = LoopDisk {
            dir: dir(),
            scissors: Mutex::default(),
        };
        match disk.make() {
            Ok(()) => Some(disk),
            Err(error) => {
                eprintln!(
                    "SKIPPED: a file system in a file cannot be mounted and cut off here: {error:#}"
                );
                None
            }
        }
    }

    /// Makes it, and tries whether it can be cut off.
    fn make(&self) -> Result<()> {
        let image = std::fs::File::create(self.image()).context("make a file")?;
        image.set_len(DISK_BYTES).context("make it large")?;
        std::fs::create_dir(self.folder()).context("make a folder")?;
        run(Command::new("mkfs.ext4")
            .args(["-q", "-F"])
            .arg(self.image()))?;
        self.attach()?;
        self.cut(0)?;
        self.again()
    }

    fn image(&self) -> PathBuf {
        self.dir.path().join("image")
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("disk")
    }

    fn attach(&self) -> Result<()> {
        let mut mount = Command::new("mount");
        let mount = mount.args(["-o", "loop"]).arg(self.image());
        run(mount.arg(self.folder()))?;
        let mut perl = Command::new("perl");
        let perl = perl.args(["-e", CUT]).arg(self.folder());
        let scissors = perl.stdin(Stdio::piped()).spawn().context("start perl")?;
        *self.held() = Some(scissors);
        Ok(())
    }

    fn held(&self) -> MutexGuard<'_, Option<Child>> {
        self.scissors.lock().expect("nobody panics with them")
    }

    /// The power goes, for this process and the disk; 0 for the disk alone.
    fn cut(&self, process: u32) -> Result<()> {
        let mut scissors = self.held().take().context("it is cut off")?;
        let hand = scissors.stdin.take().context("a pipe")?;
        writeln!(&hand, "{process}").context("cut")?;
        drop(hand);
        ensure!(scissors.wait().context("cut")?.success(), "it was not cut");
        Ok(())
    }

    /// The power is back.
    fn again(&self) -> Result<()> {
        run(Command::new("umount").arg(self.folder()))?;
        self.attach()
    }
}

impl Drop for LoopDisk {
    fn drop(&mut self) {
        if let Some(mut unused) = self.held().take() {
            let _ = unused.kill();
            let _ = unused.wait();
        }
        // Lazily, since a server that is being killed may still hold a file.
        let _ = Command::new("umount").arg("-l").arg(self.folder()).output();
    }
}

fn run(command: &mut Command) -> Result<()> {
    let output = command
        .output()
        .with_context(|| format!("run {command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {said}");
    Ok(())
}

/// The power goes while the server works, and comes back.
fn power_cut(disk: &LoopDisk, server: Server) -> Result<()> {
    disk.cut(server.pid())?;
    server.kill()?;
    disk.again()
}

fn program(disk: &Path) -> Program {
    Program::new(env!("CARGO_BIN_EXE_shopstream"), disk.join("data"))
}

const UP: [&str; 3] = ["up", "--set", "log.segment_mib=1"];

#[test]
fn a_disk_that_fails_ends_the_server_with_70_and_the_next_start_has_everything() {
    let Some(disk) = LoopDisk::mount() else {
        return;
    };
    let program = program(&disk.folder());
    let server = program.start(UP).expect("starts");
    let mut sent = produce_events(&server, Habits::of_seed(31), 2_000).expect("all are taken");
    disk.cut(0).expect("fails");
    let mut happenings = Happenings::new(32, 500, 1_000_000);
    let unknown: Vec<PlainEvent> = (0..50).map(|_| happenings.next(now_micros())).collect();
    let body: String = (unknown.iter())
        .map(|event| format!("{}\n", event.json()))
        .collect();
    if let Ok(answer) = server.offer(body.clone().into_bytes()) {
        assert_eq!(answer.status, 503, "nothing more is promised: {answer:?}");
    }
    assert_eq!(server.ended().expect("ends"), Some(70));
    disk.again().expect("works again");

    let server = program.start(UP).expect("starts");
    let answer = server.offer(body.into_bytes()).expect("answers");
    assert_eq!(answer.status, 202, "{answer:?}");
    sent.lines_acknowledged += unknown.len() as u64;
    sent.lines_tried += 2 * unknown.len() as u64;
    sent.events.extend(unknown);
    check_lists(&server, &[sent]).expect("counted once");
}

#[test]
fn power_cuts_under_load_lose_nothing_that_was_acknowledged() {
    let Some(disk) = LoopDisk::mount().map(Arc::new) else {
        return;
    };
    let cut_disk = Arc::clone(&disk);
    let kills = number("SHOPSTREAM_POWER_CUTS", 5);
    let crash_loop = CrashLoop {
        death: Box::new(move |server| power_cut(&cut_disk, server)),
        program: program(&disk.folder()),
        // Small segments: files come to be and end all the time.
        arguments: [&UP[..], &lake::OFTEN[..]]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        seed: number("SHOPSTREAM_SEED", 6),
        kills: u32::try_from(kills).expect("fewer cuts"),
        life_max: Duration::from_secs(2),
        looked_after_percent: 75,
    };
    let survived = crash_loop.run().expect("nothing is lost or doubled");
    eprintln!("{survived:?}");
    lake::holds_what_counts(&program(&disk.folder()));
}
