// The behaviour filter in C, by the raw ABI. What each behaviour does is in ../cases.ts; the guests do the same under the same
// names. With ABI_0_1_0 it is a command with a main, of the oldest ABI.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "guest.h"

#define TICK_MS 100
#define CALL_MS 1000
#define STREAMS_MAX 64
#define QUEUE "behaviour"

typedef struct {
  uint32_t id, call;
  bool is_streaming;
  char behaviour[32], heard[TEXT_MAX];
} Stream;

static char label[TEXT_MAX];
static uint32_t queue, requests, level, sizes;
static Stream streams[STREAMS_MAX];

static Stream *stream_of(uint32_t id) {
  for (Stream *stream = streams; stream < streams + STREAMS_MAX; stream++)
    if (stream->id == id) return stream;
  return NULL;
}

static bool behaves(uint32_t id, const char *behaviour) {
  Stream *stream = stream_of(id);
  return stream != NULL && strcmp(stream->behaviour, behaviour) == 0;
}

static Stream *stream_of_call(uint32_t call) {
  for (Stream *stream = streams; stream < streams + STREAMS_MAX; stream++)
    if (stream->id != 0 && stream->call == call) return stream;
  return NULL;
}

// The root's callbacks

__attribute__((export_name(ABI_MARKER))) void abi_version(void) {}

__attribute__((export_name("proxy_on_memory_allocate"))) void *allocate(size_t size) { return malloc(size); }

void CALLBACK(proxy_on_context_create)(uint32_t id, uint32_t parent) {
  if (parent == 0) return;
  Stream *stream = stream_of(0);
  if (stream == NULL) abort();
  *stream = (Stream){.id = id};
}

static bool read_label(const char *configuration) {
  const char *key = "\"label\":\"";
  const char *start = strstr(configuration, key);
  if (start == NULL) return false;
  start += strlen(key);
  size_t size = strcspn(start, "\"");
  if (size >= sizeof label) return false;
  memcpy(label, start, size);
  label[size] = 0;
  return true;
}

static uint32_t metric(uint32_t type, const char *name) {
  uint32_t id;
  must(proxy_define_metric(type, name, strlen(name), &id));
  return id;
}

bool CALLBACK(proxy_on_configure)(uint32_t root, size_t size) {
  Bytes bytes = {0};
  if (get_configuration(size, &bytes) != OK) return false;
  char *configuration = text_of(bytes);
  bool is_labelled = read_label(configuration);
  free(configuration);
  if (!is_labelled) return false;
  must(proxy_set_tick_period_milliseconds(TICK_MS));
  must(proxy_register_shared_queue(QUEUE, strlen(QUEUE), &queue));
  requests = metric(COUNTER, "behaviour.requests");
  level = metric(GAUGE, "behaviour.level");
  sizes = metric(HISTOGRAM, "behaviour.sizes");
  return true;
}

void CALLBACK(proxy_on_tick)(uint32_t root) {
  uint32_t cas;
  unsigned long ticks = shared_number("ticks", &cas);
  set_shared_number("ticks", ticks + 1, cas);
  unsigned long held = shared_number("held", &cas);
  if (held == 0) return;
  must(set_shared_number("held", 0, 0));
  must(proxy_set_effective_context(held));
  set_header(REQUEST_HEADERS, "x-held", "yes");
  continue_request();
}

void CALLBACK(proxy_on_queue_ready)(uint32_t root, uint32_t token) {
  Bytes item = {0};
  while (proxy_dequeue_shared_queue(token, &item.data, &item.size) == OK) {
    uint32_t cas;
    must(set_shared_number("consumed", shared_number("consumed", &cas) + 1, 0));
    must(proxy_set_shared_data("last item", strlen("last item"), item.data, item.size, 0));
    free(item.data);
    item = (Bytes){0};
  }
}

// Requests

static void edit_request_headers(void) {
  char *name;
  // In 0.1.0 what is absent is empty.
  bool is_absent = header(REQUEST_HEADERS, "x-name", &name) == NOT_FOUND || name[0] == 0;
  set_header(REQUEST_HEADERS, "x-got", is_absent ? "absent" : name);
  free(name);
  add_header(REQUEST_HEADERS, "x-added", "one");
  add_header(REQUEST_HEADERS, "x-added", "two");
  set_header(REQUEST_HEADERS, "x-replaced", "new");
  remove_header(REQUEST_HEADERS, "x-removed");
  char *pairs = join_values("x-pair-");
  set_header(REQUEST_HEADERS, "x-pairs", pairs);
  free(pairs);
}

// One visit more, by compare-and-swap; then the same swap again, which must miss.
static void count_visit(void) {
  uint32_t cas;
  unsigned long visits = shared_number("visits", &cas) + 1;
  must(set_shared_number("visits", visits, cas));
  const char *stale = "none";
  if (cas != 0) stale = set_shared_number("visits", 0, cas) == CAS_MISMATCH ? "mismatch" : "swapped";
  char text[16];
  snprintf(text, sizeof text, "%lu", visits);
  set_header(REQUEST_HEADERS, "x-visits", text);
  set_header(REQUEST_HEADERS, "x-stale", stale);
}

static void show_consumed(void) {
  uint32_t cas;
  Bytes bytes = {0};
  unsigned long consumed = shared_number("consumed", &cas);
  proxy_get_shared_data("last item", strlen("last item"), &bytes.data, &bytes.size, &cas);
  char *last = text_of(bytes);
  char text[TEXT_MAX];
  snprintf(text, sizeof text, "%lu:%s", consumed, last);
  set_header(REQUEST_HEADERS, "x-consumed", text);
  free(last);
}

static void call_out(Stream *stream) {
  char *cluster, *name, headers[TEXT_MAX];
  header(REQUEST_HEADERS, "x-cluster", &cluster);
  header(REQUEST_HEADERS, "x-name", &name);
  const char *pairs[][2] = {{":method", "POST"}, {":path", "/ask"}, {":authority", "answers"}, {"x-ask", name}};
  size_t size = serialise(pairs, 4, headers);
  uint32_t status = proxy_http_call(cluster, strlen(cluster), headers, size, "question", strlen("question"), NULL, 0,
                                    CALL_MS, &stream->call);
  if (status != OK) reply(500, "refused", NULL, 0);
  free(cluster);
  free(name);
}

static void call_grpc(Stream *stream) {
  char *cluster, metadata[TEXT_MAX];
  header(REQUEST_HEADERS, "x-cluster", &cluster);
  const char *pairs[][2] = {{"x-meta", "data"}};
  size_t size = serialise(pairs, 1, metadata);
  const char *service = "behaviour.Echo";
  uint32_t status = proxy_grpc_call(cluster, strlen(cluster), service, strlen(service), "Say", strlen("Say"), metadata,
                                    size, "hello", strlen("hello"), CALL_MS, &stream->call);
  if (status != OK) reply(500, "refused", NULL, 0);
  free(cluster);
}

static void stream_grpc(Stream *stream) {
  char *cluster, metadata[TEXT_MAX];
  header(REQUEST_HEADERS, "x-cluster", &cluster);
  const char *pairs[][2] = {{"x-meta", "data"}};
  size_t size = serialise(pairs, 1, metadata);
  const char *service = "behaviour.Echo";
  must(proxy_grpc_stream(cluster, strlen(cluster), service, strlen(service), "Chat", strlen("Chat"), metadata, size,
                         &stream->call));
  stream->is_streaming = true;
  must(proxy_grpc_send(stream->call, "ping", 4, false));
  must(proxy_grpc_send(stream->call, "pong", 4, true));
  free(cluster);
}

static Bytes call_foreign(const char *name, Bytes args) {
  Bytes result = {0};
  must(proxy_call_foreign_function(name, strlen(name), args.data, args.size, &result.data, &result.size));
  return result;
}

static void show_foreign(void) {
  Bytes packed = call_foreign("compress", (Bytes){"there and back", strlen("there and back")});
  char *unpacked = text_of(call_foreign("uncompress", packed));
  set_header(REQUEST_HEADERS, "x-foreign", unpacked);
  free(packed.data);
  free(unpacked);
  // Where the result is not wanted, the pointers may be null.
  bool is_missing = proxy_call_foreign_function("missing", strlen("missing"), NULL, 0, NULL, NULL) == NOT_FOUND;
  set_header(REQUEST_HEADERS, "x-missing", is_missing ? "not found" : "found");
}

static void show_properties(void) {
  Bytes value;
  PROPERTY("request\0method", &value);
  show_text(REQUEST_HEADERS, "x-method", value);
  PROPERTY("request\0headers\0x-name", &value);
  show_text(REQUEST_HEADERS, "x-header", value);
  PROPERTY("source\0port", &value);
  show_number(REQUEST_HEADERS, "x-source-port", value);
  PROPERTY("request\0time", &value);
  show_number(REQUEST_HEADERS, "x-time", value);
  bool is_there = PROPERTY("connection\0mtls", &value);
  set_header(REQUEST_HEADERS, "x-mtls", !is_there ? "absent" : value.data[0] == 1 ? "true" : "false");
  free(value.data);
  is_there = PROPERTY("behaviour\0unknown", &value);
  set_header(REQUEST_HEADERS, "x-unknown", is_there ? "there" : "absent");
  must(proxy_set_property("behaviour_mark", strlen("behaviour_mark"), "left", strlen("left")));
}

static void count(void) {
  uint64_t value;
  must(proxy_increment_metric(requests, 1));
  must(proxy_record_metric(level, 42));
  must(proxy_increment_metric(level, -2));
  must(proxy_record_metric(sizes, 7));
  must(proxy_get_metric(requests, &value));
  char text[32];
  snprintf(text, sizeof text, "%llu", value);
  set_header(REQUEST_HEADERS, "x-requests", text);
}

static void show_time(void) {
  char text[32];
  snprintf(text, sizeof text, "%lld", (long long)time(NULL));
  set_header(REQUEST_HEADERS, "x-now", text);
}

static void enqueue_item(void) {
  char *item;
  header(REQUEST_HEADERS, "x-item", &item);
  must(proxy_enqueue_shared_queue(queue, item, strlen(item)));
  free(item);
}

static void reply_twice(void) {
  const char *pairs[][2] = {{"x-reply", "one"}, {"x-reply", "two"}};
  reply(418, "short and stout", pairs, 2);
}

uint32_t CALLBACK(proxy_on_request_headers)(uint32_t id, uint32_t count_of_headers HEADERS_END) {
  Stream *stream = stream_of(id);
  char *behaviour;
  header(REQUEST_HEADERS, "x-behaviour", &behaviour);
  snprintf(stream->behaviour, sizeof stream->behaviour, "%s", behaviour);
  free(behaviour);
  uint32_t cas;
  if (behaves(id, "configuration")) set_header(REQUEST_HEADERS, "x-label", label);
  if (behaves(id, "headers")) edit_request_headers();
  if (behaves(id, "body")) remove_header(REQUEST_HEADERS, "content-length");
  if (behaves(id, "timer")) {
    char text[16];
    snprintf(text, sizeof text, "%lu", shared_number("ticks", &cas));
    set_header(REQUEST_HEADERS, "x-ticks", text);
  }
  if (behaves(id, "shared")) count_visit();
  if (behaves(id, "enqueue")) enqueue_item();
  if (behaves(id, "consumed")) show_consumed();
  if (behaves(id, "foreign")) show_foreign();
  if (behaves(id, "properties")) show_properties();
  if (behaves(id, "metrics")) count();
  if (behaves(id, "environment")) set_header(REQUEST_HEADERS, "x-colour", getenv("COLOUR"));
  if (behaves(id, "clock")) show_time();
  if (behaves(id, "trap")) fputs("on purpose\n", stderr), abort();
  if (behaves(id, "log")) {
    log_line(DEBUG, "a debug line");
    log_line(INFO, "an info line");
    log_line(WARN, "a warn line");
    log_line(ERROR, "an error line");
  }
  if (behaves(id, "reply")) return reply_twice(), PAUSE;
  if (behaves(id, "callout")) return call_out(stream), PAUSE;
  if (behaves(id, "grpc")) return call_grpc(stream), PAUSE;
  if (behaves(id, "grpc-stream")) return stream_grpc(stream), PAUSE;
  if (behaves(id, "hold")) return must(set_shared_number("held", id, 0)), PAUSE;
  return CONTINUE;
}

uint32_t CALLBACK(proxy_on_request_body)(uint32_t id, size_t size, bool end_of_stream) {
  if (!behaves(id, "body")) return CONTINUE;
  if (!end_of_stream) return PAUSE;
  frame(REQUEST_BODY, size, '[', ']');
  return CONTINUE;
}

uint32_t CALLBACK(proxy_on_request_trailers)(uint32_t id, uint32_t count_of_trailers) {
  if (!behaves(id, "trailers")) return CONTINUE;
  char *sum, text[TEXT_MAX];
  header(REQUEST_TRAILERS, "x-sum", &sum);
  snprintf(text, sizeof text, "%s, seen", sum);
  set_header(REQUEST_TRAILERS, "x-sum", text);
  free(sum);
  return CONTINUE;
}

// Responses

static void edit_response_headers(void) {
  char *status;
  header(RESPONSE_HEADERS, ":status", &status);
  set_header(RESPONSE_HEADERS, "x-status", status);
  free(status);
  add_header(RESPONSE_HEADERS, "x-response", "one");
  add_header(RESPONSE_HEADERS, "x-response", "two");
  set_header(RESPONSE_HEADERS, "server", "behaviour");
  remove_header(RESPONSE_HEADERS, "x-internal");
}

uint32_t CALLBACK(proxy_on_response_headers)(uint32_t id, uint32_t count_of_headers HEADERS_END) {
  if (behaves(id, "headers")) edit_response_headers();
  if (behaves(id, "body")) remove_header(RESPONSE_HEADERS, "content-length");
  if (behaves(id, "properties")) {
    Bytes value;
    PROPERTY("response\0code", &value);
    show_number(RESPONSE_HEADERS, "x-code", value);
    PROPERTY("behaviour_mark", &value);
    show_text(RESPONSE_HEADERS, "x-mark", value);
  }
  if (!behaves(id, "reply-to-response")) return CONTINUE;
  const char *pairs[][2] = {{"x-reply", "late"}};
  reply(502, "replaced", pairs, 1);
  return PAUSE;
}

uint32_t CALLBACK(proxy_on_response_body)(uint32_t id, size_t size, bool end_of_stream) {
  if (!behaves(id, "body")) return CONTINUE;
  if (!end_of_stream) return PAUSE;
  must(proxy_set_buffer_bytes(RESPONSE_BODY, 0, 0, "{", 1));
  must(proxy_set_buffer_bytes(RESPONSE_BODY, INT32_MAX, 0, "}", 1));
  return CONTINUE;
}

// Answers

void CALLBACK(proxy_on_http_call_response)(uint32_t root, uint32_t call, uint32_t headers, size_t body_size,
                                           uint32_t trailers) {
  Stream *stream = stream_of_call(call);
  if (stream == NULL) return;
  char *answer, *status;
  Bytes bytes = {0};
  header(CALL_RESPONSE_HEADERS, "x-answer", &answer);
  header(CALL_RESPONSE_HEADERS, ":status", &status);
  proxy_get_buffer_bytes(CALL_RESPONSE_BODY, 0, body_size, &bytes.data, &bytes.size);
  char *body = text_of(bytes);
  must(proxy_set_effective_context(stream->id));
  if (headers == 0) {
    reply(503, "no answer", NULL, 0);
  } else {
    set_header(REQUEST_HEADERS, "x-answer", answer);
    set_header(REQUEST_HEADERS, "x-answer-status", status);
    set_header(REQUEST_HEADERS, "x-answer-body", body);
    continue_request();
  }
  free(answer);
  free(status);
  free(body);
}

// One thing more that came over a gRPC stream.
static void hear(Stream *stream, const char *what) {
  size_t size = strlen(stream->heard);
  snprintf(stream->heard + size, sizeof stream->heard - size, "%s%s", size == 0 ? "" : ";", what);
}

static void hear_field(uint32_t call, uint32_t map, const char *name) {
  Stream *stream = stream_of_call(call);
  if (stream == NULL) return;
  char *value;
  header(map, name, &value);
  hear(stream, value);
  free(value);
}

void CALLBACK(proxy_on_grpc_receive_initial_metadata)(uint32_t root, uint32_t call, uint32_t count) {
  hear_field(call, GRPC_INITIAL_METADATA, "x-first");
}

void CALLBACK(proxy_on_grpc_receive_trailing_metadata)(uint32_t root, uint32_t call, uint32_t count) {
  hear_field(call, GRPC_TRAILING_METADATA, "x-last");
}

void CALLBACK(proxy_on_grpc_receive)(uint32_t root, uint32_t call, size_t size) {
  Stream *stream = stream_of_call(call);
  if (stream == NULL) return;
  Bytes message = {0};
  must(proxy_get_buffer_bytes(GRPC_MESSAGE, 0, size, &message.data, &message.size));
  if (stream->is_streaming) {
    char *text = text_of(message);
    hear(stream, text);
    free(text);
    return;
  }
  must(proxy_set_effective_context(stream->id));
  show_text(REQUEST_HEADERS, "x-grpc", message);
  continue_request();
}

void CALLBACK(proxy_on_grpc_close)(uint32_t root, uint32_t call, uint32_t status) {
  Stream *stream = stream_of_call(call);
  if (stream == NULL) return;
  char text[32];
  if (stream->is_streaming) {
    snprintf(text, sizeof text, "%u", status);
    hear(stream, text);
    must(proxy_set_effective_context(stream->id));
    set_header(REQUEST_HEADERS, "x-grpc", stream->heard);
    continue_request();
    return;
  }
  snprintf(text, sizeof text, "grpc status %u", status);
  must(proxy_set_effective_context(stream->id));
  reply(503, text, NULL, 0);
}

#ifndef ABI_0_1_0
// TCP

uint32_t CALLBACK(proxy_on_new_connection)(uint32_t id) {
  strcpy(stream_of(id)->behaviour, "tcp");
  log_line(INFO, "connected");
  return CONTINUE;
}

uint32_t CALLBACK(proxy_on_downstream_data)(uint32_t id, size_t size, bool end_of_stream) {
  Bytes bytes = {0};
  must(proxy_get_buffer_bytes(DOWNSTREAM_DATA, 0, size, &bytes.data, &bytes.size));
  bool is_line = bytes.size > 0 && bytes.data[bytes.size - 1] == '\n';
  char *data = text_of(bytes);
  bool is_quit = strcmp(data, "quit\n") == 0;
  free(data);
  if (!is_line) return PAUSE;
  if (is_quit) return must(proxy_close_stream(DOWNSTREAM)), PAUSE;
  frame(DOWNSTREAM_DATA, size, '<', '>');
  return CONTINUE;
}

uint32_t CALLBACK(proxy_on_upstream_data)(uint32_t id, size_t size, bool end_of_stream) {
  must(proxy_set_buffer_bytes(UPSTREAM_DATA, INT32_MAX, 0, "!", 1));
  return CONTINUE;
}

static void log_close(const char *which, uint32_t peer) {
  char text[TEXT_MAX];
  snprintf(text, sizeof text, "%s closed: %u", which, peer);
  log_line(INFO, text);
}

void CALLBACK(proxy_on_downstream_connection_close)(uint32_t id, uint32_t peer) { log_close("downstream", peer); }

void CALLBACK(proxy_on_upstream_connection_close)(uint32_t id, uint32_t peer) { log_close("upstream", peer); }
#endif

// The end

void CALLBACK(proxy_on_log)(uint32_t id) {
  if (behaves(id, "tcp")) log_line(INFO, "over");
  if (!behaves(id, "log")) return;
  char *path, text[TEXT_MAX];
  header(REQUEST_HEADERS, ":path", &path);
  snprintf(text, sizeof text, "over: %s", path);
  log_line(INFO, text);
  free(path);
}

void CALLBACK(proxy_on_delete)(uint32_t id) {
  Stream *stream = stream_of(id);
  if (stream != NULL) *stream = (Stream){0};
}
