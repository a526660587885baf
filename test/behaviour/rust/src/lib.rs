// The behaviour filter with the `proxy-wasm` crate. What each behaviour does is in ../../cases.ts; the guests do the
// same under the same names.

use std::time::{Duration, UNIX_EPOCH};

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext, StreamContext};
use proxy_wasm::types::{Action, Bytes, ContextType, LogLevel, MetricType, PeerType, Status};

const TICK_MS: u64 = 100;
const CALL_MS: u64 = 1000;
const QUEUE: &str = "behaviour";

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Trace);
    proxy_wasm::set_root_context(|_| -> Box<dyn RootContext> { Box::<Plugin>::default() });
}}

#[derive(Clone, Copy, Default)]
struct Metrics {
    requests: u32,
    level: u32,
    sizes: u32,
}

#[derive(Default)]
struct Plugin {
    label: String,
    queue: u32,
    metrics: Metrics,
}

impl Context for Plugin {}

impl RootContext for Plugin {
    fn on_configure(&mut self, _: usize) -> bool {
        let configuration = self.get_plugin_configuration().unwrap_or_default();
        match label_of(&String::from_utf8_lossy(&configuration)) {
            Some(label) => self.label = label,
            None => return false,
        }
        self.set_tick_period(Duration::from_millis(TICK_MS));
        self.queue = self.register_shared_queue(QUEUE);
        self.metrics = Metrics {
            requests: hostcalls::define_metric(MetricType::Counter, "behaviour.requests").unwrap(),
            level: hostcalls::define_metric(MetricType::Gauge, "behaviour.level").unwrap(),
            sizes: hostcalls::define_metric(MetricType::Histogram, "behaviour.sizes").unwrap(),
        };
        true
    }

    fn on_tick(&mut self) {
        let (ticks, cas) = shared_number(self, "ticks");
        let _ = self.set_shared_data("ticks", Some((ticks + 1).to_string().as_bytes()), cas);
        let held = match self.get_shared_data("held") {
            (Some(id), _) => text(id).parse().unwrap_or(0),
            _ => 0,
        };
        if held == 0 {
            return;
        }
        let _ = self.set_shared_data("held", Some(b"0"), None);
        hostcalls::set_effective_context(held).unwrap();
        hostcalls::set_map_value(proxy_wasm::types::MapType::HttpRequestHeaders, "x-held", Some("yes")).unwrap();
        hostcalls::resume_http_request().unwrap();
    }

    fn on_queue_ready(&mut self, queue: u32) {
        while let Ok(Some(item)) = self.dequeue_shared_queue(queue) {
            let (consumed, _) = shared_number(self, "consumed");
            let _ = self.set_shared_data("consumed", Some((consumed + 1).to_string().as_bytes()), None);
            let _ = self.set_shared_data("last item", Some(&item), None);
        }
    }

    fn create_http_context(&self, id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream {
            id,
            label: self.label.clone(),
            queue: self.queue,
            metrics: self.metrics,
            behaviour: String::new(),
            heard: Vec::new(),
        }))
    }

    fn create_stream_context(&self, _: u32) -> Option<Box<dyn StreamContext>> {
        Some(Box::new(Connection))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(if self.label == "tcp" {
            ContextType::StreamContext
        } else {
            ContextType::HttpContext
        })
    }
}

struct Connection;

impl Context for Connection {}

impl StreamContext for Connection {
    fn on_new_connection(&mut self) -> Action {
        let _ = hostcalls::log(LogLevel::Info, "connected");
        Action::Continue
    }

    fn on_downstream_data(&mut self, size: usize, _: bool) -> Action {
        let data = self.get_downstream_data(0, size).unwrap_or_default();
        if !data.ends_with(b"\n") {
            return Action::Pause;
        }
        if data == b"quit\n" {
            self.close_downstream();
            return Action::Pause;
        }
        self.set_downstream_data(0, size, &[b"<", data.as_slice(), b">"].concat());
        Action::Continue
    }

    fn on_upstream_data(&mut self, _: usize, _: bool) -> Action {
        self.set_upstream_data(i32::MAX as usize, 0, b"!");
        Action::Continue
    }

    fn on_downstream_close(&mut self, peer: PeerType) {
        let _ = hostcalls::log(LogLevel::Info, &format!("downstream closed: {}", peer as u32));
    }

    fn on_upstream_close(&mut self, peer: PeerType) {
        let _ = hostcalls::log(LogLevel::Info, &format!("upstream closed: {}", peer as u32));
    }

    fn on_log(&mut self) {
        let _ = hostcalls::log(LogLevel::Info, "over");
    }
}

struct Stream {
    id: u32,
    label: String,
    queue: u32,
    metrics: Metrics,
    behaviour: String,
    /// From a gRPC stream, in order.
    heard: Vec<String>,
}

impl Context for Stream {
    fn on_http_call_response(&mut self, _: u32, headers: usize, body_size: usize, _: usize) {
        if headers == 0 {
            self.send_http_response(503, vec![], Some(b"no answer"));
            return;
        }
        let answer = self.get_http_call_response_header("x-answer").unwrap_or_default();
        let status = self.get_http_call_response_header(":status").unwrap_or_default();
        let body = self.get_http_call_response_body(0, body_size).unwrap_or_default();
        self.set_http_request_header("x-answer", Some(&answer));
        self.set_http_request_header("x-answer-status", Some(&status));
        self.set_http_request_header("x-answer-body", Some(&text(body)));
        self.resume_http_request();
    }

    fn on_grpc_stream_initial_metadata(&mut self, _: u32, _: u32) {
        self.heard.push(text(
            self.get_grpc_stream_initial_metadata_value("x-first")
                .unwrap_or_default(),
        ));
    }

    fn on_grpc_stream_message(&mut self, _: u32, size: usize) {
        let message = self.get_grpc_stream_message(0, size).unwrap_or_default();
        self.heard.push(text(message));
    }

    fn on_grpc_stream_trailing_metadata(&mut self, _: u32, _: u32) {
        self.heard.push(text(
            self.get_grpc_stream_trailing_metadata_value("x-last")
                .unwrap_or_default(),
        ));
    }

    fn on_grpc_stream_close(&mut self, _: u32, status: u32) {
        self.heard.push(status.to_string());
        self.set_http_request_header("x-grpc", Some(&self.heard.join(";")));
        self.resume_http_request();
    }

    fn on_grpc_call_response(&mut self, _: u32, status: u32, size: usize) {
        if status != 0 {
            self.send_http_response(503, vec![], Some(format!("grpc status {status}").as_bytes()));
            return;
        }
        let message = self.get_grpc_call_response_body(0, size).unwrap_or_default();
        self.set_http_request_header("x-grpc", Some(&text(message)));
        self.resume_http_request();
    }
}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        self.behaviour = self.get_http_request_header("x-behaviour").unwrap_or_default();
        match self.behaviour.as_str() {
            "configuration" => self.set_http_request_header("x-label", Some(&self.label)),
            "headers" => self.edit_request_headers(),
            "body" => self.set_http_request_header("content-length", None),
            "reply" => {
                let headers = vec![("x-reply", "one"), ("x-reply", "two")];
                self.send_http_response(418, headers, Some(b"short and stout"));
                return Action::Pause;
            }
            "timer" => {
                let (ticks, _) = shared_number(self, "ticks");
                self.set_http_request_header("x-ticks", Some(&ticks.to_string()));
            }
            "hold" => {
                let _ = self.set_shared_data("held", Some(self.id.to_string().as_bytes()), None);
                return Action::Pause;
            }
            "shared" => self.count_visit(),
            "enqueue" => {
                let item = self.get_http_request_header("x-item").unwrap_or_default();
                self.enqueue_shared_queue(self.queue, Some(item.as_bytes())).unwrap();
            }
            "consumed" => {
                let (consumed, _) = shared_number(self, "consumed");
                let last = self.get_shared_data("last item").0.unwrap_or_default();
                self.set_http_request_header("x-consumed", Some(&format!("{consumed}:{}", text(last))));
            }
            "callout" => return self.call_out(),
            "grpc" => return self.call_grpc(),
            "grpc-stream" => return self.stream_grpc(),
            "foreign" => self.call_foreign(),
            "properties" => self.show_properties(),
            "metrics" => self.count(),
            "environment" => {
                let colour = std::env::var("COLOUR").unwrap_or_default();
                self.set_http_request_header("x-colour", Some(&colour));
            }
            "clock" => {
                let now = self.get_current_time().duration_since(UNIX_EPOCH).unwrap();
                self.set_http_request_header("x-now", Some(&now.as_secs().to_string()));
            }
            "trap" => panic!("on purpose"),
            "log" => {
                let _ = hostcalls::log(LogLevel::Debug, "a debug line");
                let _ = hostcalls::log(LogLevel::Info, "an info line");
                let _ = hostcalls::log(LogLevel::Warn, "a warn line");
                let _ = hostcalls::log(LogLevel::Error, "an error line");
            }
            _ => {}
        }
        Action::Continue
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if self.behaviour != "body" {
            return Action::Continue;
        }
        if !end_of_stream {
            return Action::Pause;
        }
        let body = self.get_http_request_body(0, size).unwrap_or_default();
        self.set_http_request_body(0, size, &[b"[", body.as_slice(), b"]"].concat());
        Action::Continue
    }

    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        if self.behaviour == "trailers" {
            let sum = self.get_http_request_trailer("x-sum").unwrap_or_default();
            self.set_http_request_trailer("x-sum", Some(&format!("{sum}, seen")));
        }
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
        match self.behaviour.as_str() {
            "headers" => {
                let status = self.get_http_response_header(":status").unwrap_or_default();
                self.set_http_response_header("x-status", Some(&status));
                self.add_http_response_header("x-response", "one");
                self.add_http_response_header("x-response", "two");
                self.set_http_response_header("server", Some("behaviour"));
                self.set_http_response_header("x-internal", None);
            }
            "body" => self.set_http_response_header("content-length", None),
            "reply-to-response" => {
                self.send_http_response(502, vec![("x-reply", "late")], Some(b"replaced"));
                return Action::Pause;
            }
            "properties" => {
                let code = number(self.get_property(vec!["response", "code"]));
                self.set_http_response_header("x-code", Some(&code));
                let mark = self.get_property(vec!["behaviour_mark"]).unwrap_or_default();
                self.set_http_response_header("x-mark", Some(&text(mark)));
            }
            _ => {}
        }
        Action::Continue
    }

    fn on_http_response_body(&mut self, _: usize, end_of_stream: bool) -> Action {
        if self.behaviour != "body" {
            return Action::Continue;
        }
        if !end_of_stream {
            return Action::Pause;
        }
        self.set_http_response_body(0, 0, b"{");
        self.set_http_response_body(i32::MAX as usize, 0, b"}");
        Action::Continue
    }

    fn on_log(&mut self) {
        if self.behaviour == "log" {
            let path = self.get_http_request_header(":path").unwrap_or_default();
            let _ = hostcalls::log(LogLevel::Info, &format!("over: {path}"));
        }
    }
}

impl Stream {
    fn edit_request_headers(&self) {
        let name = self.get_http_request_header("x-name");
        self.set_http_request_header("x-got", Some(name.as_deref().unwrap_or("absent")));
        self.add_http_request_header("x-added", "one");
        self.add_http_request_header("x-added", "two");
        self.set_http_request_header("x-replaced", Some("new"));
        self.set_http_request_header("x-removed", None);
        let headers = self.get_http_request_headers();
        let pairs: Vec<&str> = headers
            .iter()
            .filter(|(name, _)| name.starts_with("x-pair-"))
            .map(|(_, value)| value.as_str())
            .collect();
        self.set_http_request_header("x-pairs", Some(&pairs.join(",")));
    }

    /// One visit more, by compare-and-swap; then the same swap again, which must miss.
    fn count_visit(&self) {
        let (visits, cas) = shared_number(self, "visits");
        let visit = (visits + 1).to_string();
        self.set_shared_data("visits", Some(visit.as_bytes()), cas).unwrap();
        let stale = match cas {
            None => "none",
            _ => match self.set_shared_data("visits", Some(b"0"), cas) {
                Err(Status::CasMismatch) => "mismatch",
                _ => "swapped",
            },
        };
        self.set_http_request_header("x-visits", Some(&visit));
        self.set_http_request_header("x-stale", Some(stale));
    }

    fn call_out(&self) -> Action {
        let cluster = self.get_http_request_header("x-cluster").unwrap_or_default();
        let name = self.get_http_request_header("x-name").unwrap_or_default();
        let headers = vec![
            (":method", "POST"),
            (":path", "/ask"),
            (":authority", "answers"),
            ("x-ask", name.as_str()),
        ];
        let sent = self.dispatch_http_call(
            &cluster,
            headers,
            Some(b"question"),
            vec![],
            Duration::from_millis(CALL_MS),
        );
        if sent.is_err() {
            self.send_http_response(500, vec![], Some(b"refused"));
        }
        Action::Pause
    }

    fn call_grpc(&self) -> Action {
        let cluster = self.get_http_request_header("x-cluster").unwrap_or_default();
        let metadata = vec![("x-meta", b"data" as &[u8])];
        let timeout = Duration::from_millis(CALL_MS);
        let sent = self.dispatch_grpc_call(&cluster, "behaviour.Echo", "Say", metadata, Some(b"hello"), timeout);
        if sent.is_err() {
            self.send_http_response(500, vec![], Some(b"refused"));
        }
        Action::Pause
    }

    fn stream_grpc(&self) -> Action {
        let cluster = self.get_http_request_header("x-cluster").unwrap_or_default();
        let stream = self
            .open_grpc_stream(&cluster, "behaviour.Echo", "Chat", vec![("x-meta", b"data")])
            .unwrap();
        self.send_grpc_stream_message(stream, Some(b"ping"), false);
        self.send_grpc_stream_message(stream, Some(b"pong"), true);
        Action::Pause
    }

    fn call_foreign(&self) {
        let packed = self.call_foreign_function("compress", Some(b"there and back")).unwrap();
        let unpacked = self.call_foreign_function("uncompress", packed.as_deref()).unwrap();
        self.set_http_request_header("x-foreign", Some(&text(unpacked.unwrap_or_default())));
        let missing = match self.call_foreign_function("missing", None) {
            Err(Status::NotFound) => "not found",
            _ => "found",
        };
        self.set_http_request_header("x-missing", Some(missing));
    }

    fn show_properties(&self) {
        let method = self.get_property(vec!["request", "method"]).unwrap_or_default();
        self.set_http_request_header("x-method", Some(&text(method)));
        let value = self
            .get_property(vec!["request", "headers", "x-name"])
            .unwrap_or_default();
        self.set_http_request_header("x-header", Some(&text(value)));
        let port = number(self.get_property(vec!["source", "port"]));
        self.set_http_request_header("x-source-port", Some(&port));
        let time = number(self.get_property(vec!["request", "time"]));
        self.set_http_request_header("x-time", Some(&time));
        let mtls = match self.get_property(vec!["connection", "mtls"]) {
            Some(byte) if byte == [1] => "true",
            Some(byte) if byte == [0] => "false",
            _ => "absent",
        };
        self.set_http_request_header("x-mtls", Some(mtls));
        let unknown = self.get_property(vec!["behaviour", "unknown"]);
        self.set_http_request_header("x-unknown", Some(if unknown.is_none() { "absent" } else { "there" }));
        self.set_property(vec!["behaviour_mark"], Some(b"left"));
    }

    fn count(&self) {
        let Metrics { requests, level, sizes } = self.metrics;
        hostcalls::increment_metric(requests, 1).unwrap();
        hostcalls::record_metric(level, 42).unwrap();
        hostcalls::increment_metric(level, -2).unwrap();
        hostcalls::record_metric(sizes, 7).unwrap();
        let value = hostcalls::get_metric(requests).unwrap();
        self.set_http_request_header("x-requests", Some(&value.to_string()));
    }
}

/// Of `{"label":"…"}`.
fn label_of(configuration: &str) -> Option<String> {
    let rest = configuration.split("\"label\":\"").nth(1)?;
    rest.split('"').next().map(str::to_owned)
}

/// A number kept as text; 0 and no cas when nobody has set it.
fn shared_number(context: &dyn Context, key: &str) -> (u32, Option<u32>) {
    match context.get_shared_data(key) {
        (Some(value), cas) => (text(value).parse().unwrap_or(0), cas),
        _ => (0, None),
    }
}

fn text(bytes: Bytes) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The ABI's integers are eight bytes, little-endian.
fn number(property: Option<Bytes>) -> String {
    match property.and_then(|bytes| <[u8; 8]>::try_from(bytes.as_slice()).ok()) {
        Some(bytes) => i64::from_le_bytes(bytes).to_string(),
        None => "absent".to_owned(),
    }
}
