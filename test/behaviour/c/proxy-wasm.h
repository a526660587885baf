// The hostcalls of proxy-wasm 0.2.1 that the behaviour filter uses, and its callbacks, as C declares them. No SDK: this is
// the ABI itself. With ABI_0_1_0 those of 0.1.0, where they are other ones.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define HOSTCALL(name) __attribute__((import_module("env"), import_name(#name))) uint32_t name
#define CALLBACK(name) __attribute__((export_name(#name))) name

#ifdef ABI_0_1_0
#define ABI_MARKER "proxy_abi_version_0_1_0"
#define HEADERS_END
#else
#define ABI_MARKER "proxy_abi_version_0_2_1"
#define HEADERS_END , bool end_of_stream
#endif

enum Status { OK = 0, NOT_FOUND = 1, CAS_MISMATCH = 8 };
enum LogLevel { DEBUG = 1, INFO = 2, WARN = 3, ERROR = 4 };
enum Action { CONTINUE = 0, PAUSE = 1 };
enum StreamType { REQUEST = 0, DOWNSTREAM = 2 };
enum MetricType { COUNTER = 0, GAUGE = 1, HISTOGRAM = 2 };
enum Map {
  REQUEST_HEADERS = 0,
  REQUEST_TRAILERS = 1,
  RESPONSE_HEADERS = 2,
  GRPC_INITIAL_METADATA = 4,
  GRPC_TRAILING_METADATA = 5,
  CALL_RESPONSE_HEADERS = 6
};
enum Buffer {
  REQUEST_BODY = 0,
  RESPONSE_BODY = 1,
  DOWNSTREAM_DATA = 2,
  UPSTREAM_DATA = 3,
  CALL_RESPONSE_BODY = 4,
  GRPC_MESSAGE = 5,
  PLUGIN_CONFIGURATION = 7
};

HOSTCALL(proxy_log)(uint32_t level, const char *text, size_t size);
HOSTCALL(proxy_set_tick_period_milliseconds)(uint32_t period);
HOSTCALL(proxy_set_effective_context)(uint32_t id);
HOSTCALL(proxy_get_property)(const char *path, size_t size, char **value, size_t *value_size);
HOSTCALL(proxy_set_property)(const char *path, size_t size, const char *value, size_t value_size);
HOSTCALL(proxy_get_buffer_bytes)(uint32_t buffer, size_t start, size_t max, char **data, size_t *size);
HOSTCALL(proxy_set_buffer_bytes)(uint32_t buffer, size_t start, size_t size, const char *data, size_t data_size);
HOSTCALL(proxy_get_header_map_pairs)(uint32_t map, char **data, size_t *size);
HOSTCALL(proxy_get_header_map_value)(uint32_t map, const char *name, size_t size, char **value, size_t *value_size);
HOSTCALL(proxy_add_header_map_value)(uint32_t map, const char *name, size_t size, const char *value, size_t value_size);
HOSTCALL(proxy_replace_header_map_value)(uint32_t map, const char *name, size_t size, const char *value, size_t value_size);
HOSTCALL(proxy_remove_header_map_value)(uint32_t map, const char *name, size_t size);
#ifdef ABI_0_1_0
HOSTCALL(proxy_get_configuration)(char **data, size_t *size);
HOSTCALL(proxy_continue_request)(void);
#else
HOSTCALL(proxy_continue_stream)(uint32_t stream);
HOSTCALL(proxy_close_stream)(uint32_t stream);
#endif
HOSTCALL(proxy_send_local_response)(uint32_t status, const char *details, size_t details_size, const char *body,
                                    size_t body_size, const char *headers, size_t headers_size, int32_t grpc_status);
HOSTCALL(proxy_http_call)(const char *cluster, size_t cluster_size, const char *headers, size_t headers_size,
                          const char *body, size_t body_size, const char *trailers, size_t trailers_size,
                          uint32_t timeout_ms, uint32_t *id);
HOSTCALL(proxy_grpc_call)(const char *cluster, size_t cluster_size, const char *service, size_t service_size,
                          const char *method, size_t method_size, const char *metadata, size_t metadata_size,
                          const char *message, size_t message_size, uint32_t timeout_ms, uint32_t *id);
HOSTCALL(proxy_grpc_stream)(const char *cluster, size_t cluster_size, const char *service, size_t service_size,
                            const char *method, size_t method_size, const char *metadata, size_t metadata_size,
                            uint32_t *id);
HOSTCALL(proxy_grpc_send)(uint32_t id, const char *message, size_t size, uint32_t end_of_stream);
HOSTCALL(proxy_call_foreign_function)(const char *name, size_t name_size, const char *args, size_t args_size,
                                      char **result, size_t *result_size);
HOSTCALL(proxy_get_shared_data)(const char *key, size_t size, char **value, size_t *value_size, uint32_t *cas);
HOSTCALL(proxy_set_shared_data)(const char *key, size_t size, const char *value, size_t value_size, uint32_t cas);
HOSTCALL(proxy_register_shared_queue)(const char *name, size_t size, uint32_t *token);
HOSTCALL(proxy_enqueue_shared_queue)(uint32_t token, const char *item, size_t size);
HOSTCALL(proxy_dequeue_shared_queue)(uint32_t token, char **item, size_t *size);
HOSTCALL(proxy_define_metric)(uint32_t type, const char *name, size_t size, uint32_t *id);
HOSTCALL(proxy_increment_metric)(uint32_t id, int64_t by);
HOSTCALL(proxy_record_metric)(uint32_t id, uint64_t value);
HOSTCALL(proxy_get_metric)(uint32_t id, uint64_t *value);
