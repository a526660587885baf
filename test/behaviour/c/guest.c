// What guest.h says, in terms of the hostcalls.

#include "guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef ABI_0_1_0
int main(void) { return 0; }

void continue_request(void) { must(proxy_continue_request()); }

uint32_t get_configuration(size_t size, Bytes *bytes) {
  return proxy_get_configuration(&bytes->data, &bytes->size);
}
#else
void continue_request(void) { must(proxy_continue_stream(REQUEST)); }

uint32_t get_configuration(size_t size, Bytes *bytes) {
  return proxy_get_buffer_bytes(PLUGIN_CONFIGURATION, 0, size, &bytes->data, &bytes->size);
}
#endif

void must(uint32_t status) {
  if (status != OK) abort();
}

char *text_of(Bytes bytes) {
  char *text = calloc(bytes.size + 1, 1);
  if (bytes.size > 0) memcpy(text, bytes.data, bytes.size);
  free(bytes.data);
  return text;
}

void log_line(uint32_t log_level, const char *text) { must(proxy_log(log_level, text, strlen(text))); }

uint32_t header(uint32_t map, const char *name, char **value) {
  Bytes bytes = {0};
  uint32_t status = proxy_get_header_map_value(map, name, strlen(name), &bytes.data, &bytes.size);
  *value = text_of(bytes);
  return status;
}

void set_header(uint32_t map, const char *name, const char *value) {
  must(proxy_replace_header_map_value(map, name, strlen(name), value, strlen(value)));
}

void add_header(uint32_t map, const char *name, const char *value) {
  must(proxy_add_header_map_value(map, name, strlen(name), value, strlen(value)));
}

void remove_header(uint32_t map, const char *name) {
  must(proxy_remove_header_map_value(map, name, strlen(name)));
}

static uint32_t word(const char *data, size_t index) {
  uint32_t value;
  memcpy(&value, data + 4 * index, 4);
  return value;
}

// u32 count, then for each pair two u32 sizes, then for each name NUL value NUL.
char *join_values(const char *prefix) {
  Bytes bytes = {0};
  must(proxy_get_header_map_pairs(REQUEST_HEADERS, &bytes.data, &bytes.size));
  char *joined = calloc(bytes.size + 1, 1);
  uint32_t count = word(bytes.data, 0);
  const char *name = bytes.data + 4 + 8 * count;
  for (uint32_t i = 0; i < count; i++) {
    const char *value = name + word(bytes.data, 1 + 2 * i) + 1;
    if (strncmp(name, prefix, strlen(prefix)) == 0) {
      if (joined[0] != 0) strcat(joined, ",");
      strcat(joined, value);
    }
    name = value + word(bytes.data, 2 + 2 * i) + 1;
  }
  free(bytes.data);
  return joined;
}

size_t serialise(const char *pairs[][2], uint32_t count, char *into) {
  memcpy(into, &count, 4);
  char *at = into + 4 + 8 * count;
  for (uint32_t i = 0; i < count; i++) {
    for (uint32_t part = 0; part < 2; part++) {
      uint32_t size = strlen(pairs[i][part]);
      memcpy(into + 4 + 8 * i + 4 * part, &size, 4);
      memcpy(at, pairs[i][part], size + 1);
      at += size + 1;
    }
  }
  return at - into;
}

void reply(uint32_t status, const char *body, const char *pairs[][2], uint32_t count) {
  char headers[TEXT_MAX];
  size_t size = count == 0 ? 0 : serialise(pairs, count, headers);
  must(proxy_send_local_response(status, NULL, 0, body, strlen(body), headers, size, -1));
}

unsigned long shared_number(const char *key, uint32_t *cas) {
  Bytes bytes = {0};
  *cas = 0;
  if (proxy_get_shared_data(key, strlen(key), &bytes.data, &bytes.size, cas) != OK) return 0;
  char *text = text_of(bytes);
  unsigned long number = strtoul(text, NULL, 10);
  free(text);
  return number;
}

uint32_t set_shared_number(const char *key, unsigned long number, uint32_t cas) {
  char text[16];
  int size = snprintf(text, sizeof text, "%lu", number);
  return proxy_set_shared_data(key, strlen(key), text, size, cas);
}

void frame(uint32_t buffer, size_t size, char before, char behind) {
  Bytes bytes = {0};
  must(proxy_get_buffer_bytes(buffer, 0, size, &bytes.data, &bytes.size));
  char *framed = malloc(bytes.size + 2);
  framed[0] = before;
  memcpy(framed + 1, bytes.data, bytes.size);
  framed[bytes.size + 1] = behind;
  must(proxy_set_buffer_bytes(buffer, 0, size, framed, bytes.size + 2));
  free(bytes.data);
  free(framed);
}

bool property(const char *path, size_t size, Bytes *value) {
  *value = (Bytes){0};
  return proxy_get_property(path, size, &value->data, &value->size) == OK;
}

void show_text(uint32_t map, const char *name, Bytes value) {
  char *text = text_of(value);
  set_header(map, name, text);
  free(text);
}

void show_number(uint32_t map, const char *name, Bytes value) {
  char text[32] = "absent";
  int64_t number;
  if (value.size == sizeof number) {
    memcpy(&number, value.data, sizeof number);
    snprintf(text, sizeof text, "%lld", number);
  }
  free(value.data);
  set_header(map, name, text);
}
