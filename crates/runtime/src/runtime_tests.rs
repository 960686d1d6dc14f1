//! Claims about starting, failing and stopping.

use super::*;

const LONG: Duration = Duration::from_secs(20);

fn text(error: &RuntimeError) -> String {
    let cause = error.source().map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}

async fn end(runtime: &Runtime) -> String {
    let ended = runtime.run(LONG).await;
    ended.map_or_else(|error| text(&error), |()| "stopped".to_owned())
}

#[tokio::test]
async fn a_task_that_returns_an_error_stops_the_others_and_is_named() {
    let runtime = Runtime::new(Clock::machine());
    let token = runtime.stop_token();
    runtime.spawn("door", async move { token.cancelled().await });
    runtime.spawn("lake", async { Err::<(), _>("shelf full") });
    assert_eq!(end(&runtime).await, "task lake failed: shelf full");
}

#[tokio::test]
async fn a_task_that_panics_stops_the_others_and_is_named() {
    let runtime = Runtime::new(Clock::machine());
    runtime.spawn("fold", async {
        if true {
            panic!("shard 7");
        }
    });
    assert_eq!(end(&runtime).await, "task fold failed: panicked: shard 7");
}

#[tokio::test]
async fn a_thread_that_panics_stops_the_others_and_is_named() {
    let runtime = Runtime::new(Clock::machine());
    runtime
        .spawn_thread("shard 3", || -> () { panic!("lost") })
        .expect("a thread");
    assert_eq!(end(&runtime).await, "task shard 3 failed: panicked: lost");
}

#[tokio::test]
async fn an_error_keeps_its_type_for_the_exit_code() {
    let runtime = Runtime::new(Clock::machine());
    runtime.spawn("log", async {
        Err::<(), _>(Panicked {
            message: "x".to_owned(),
        })
    });
    let error = runtime.run(LONG).await.expect_err("the task failed");
    let RuntimeError::TaskFailed { cause, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(
        cause
            .downcast_ref::<Panicked>()
            .map(|it| it.message.as_str()),
        Some("x")
    );
}

#[tokio::test]
async fn stopping_waits_for_what_tasks_and_threads_still_have_to_do() {
    let runtime = Runtime::new(Clock::machine());
    let (said, heard) = std::sync::mpsc::channel();
    for name in ["first", "second"] {
        let (token, said) = (runtime.stop_token(), said.clone());
        runtime.spawn(name, async move {
            token.cancelled().await;
            tokio::task::yield_now().await;
            said.send(name).expect("the test listens");
        });
    }
    let token = runtime.stop_token();
    let work = move || {
        while !token.is_cancelled() {
            std::thread::yield_now();
        }
        said.send("thread").expect("the test listens");
    };
    runtime.spawn_thread("third", work).expect("a thread");
    assert!(runtime.stop(LONG).await.is_ok());
    let mut all: Vec<_> = heard.try_iter().collect();
    all.sort_unstable();
    assert_eq!(all, ["first", "second", "thread"]);
}

#[tokio::test]
async fn what_does_not_stop_in_time_is_named_last_started_first() {
    let runtime = Runtime::new(Clock::machine());
    for name in ["a", "b"] {
        runtime.spawn(name, std::future::pending::<()>());
    }
    let error = runtime
        .stop(Duration::ZERO)
        .await
        .expect_err("they never stop");
    assert_eq!(text(&error), "still running after 0ns: b, a");
}

#[tokio::test]
async fn a_task_that_ended_well_leaves_the_process_running() {
    let runtime = Runtime::new(Clock::machine());
    runtime.spawn("once", async {});
    let mut task = runtime.last_task().expect("just started");
    task.ended.wait_for(|ended| *ended).await.expect("it ends");
    assert!(!runtime.stop_token().is_cancelled());
}

#[tokio::test]
async fn a_terminate_signal_stops_in_order() {
    let runtime = Runtime::new(Clock::machine());
    runtime.obey_signals().expect("signals are to be had");
    let token = runtime.stop_token();
    runtime.spawn("door", async move { token.cancelled().await });
    let me = std::process::id().to_string();
    let kill = std::process::Command::new("kill")
        .args(["-TERM", &me])
        .status();
    assert!(kill.expect("kill runs").success());
    assert_eq!(end(&runtime).await, "stopped");
}
