// What a guest in C wants around the hostcalls: texts with an end, header maps, replies, numbers in shared data, properties.
// A status that no row of the table expects ends the guest.
#pragma once

#include <stdbool.h>

#include "proxy-wasm.h"

// Room for a text that the guest makes itself.
#define TEXT_MAX 256

// What the host hands over is allocated for us and ours to free.
typedef struct {
  char *data;
  size_t size;
} Bytes;

void must(uint32_t status);

// A copy with a NUL behind it; the host's block is freed.
char *text_of(Bytes bytes);

void log_line(uint32_t level, const char *text);
uint32_t get_configuration(size_t size, Bytes *bytes);
void continue_request(void);

// The first value under a name, ours to free; empty when there is none.
uint32_t header(uint32_t map, const char *name, char **value);
void set_header(uint32_t map, const char *name, const char *value);
void add_header(uint32_t map, const char *name, const char *value);
void remove_header(uint32_t map, const char *name);

// The values of all request headers whose names begin so, with commas between them.
char *join_values(const char *prefix);

// `pairs` is name, value, name, value, …; answers how many bytes it wrote into `into`.
size_t serialise(const char *pairs[][2], uint32_t count, char *into);
void reply(uint32_t status, const char *body, const char *pairs[][2], uint32_t count);

// Puts one byte before and one behind what is in a buffer.
void frame(uint32_t buffer, size_t size, char before, char behind);

// A number kept as text; 0 and no cas when nobody has set it.
unsigned long shared_number(const char *key, uint32_t *cas);
uint32_t set_shared_number(const char *key, unsigned long number, uint32_t cas);

// A path's segments are joined by NUL; `path` is a literal, so its size is known.
#define PROPERTY(path, value) property(path, sizeof path - 1, value)
bool property(const char *path, size_t size, Bytes *value);

void show_text(uint32_t map, const char *name, Bytes value);

// The ABI's integers are eight bytes, little-endian.
void show_number(uint32_t map, const char *name, Bytes value);
