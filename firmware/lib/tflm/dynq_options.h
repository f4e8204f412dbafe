/* The operators' custom options: for each operator one struct of fixed size, little endian, without padding. They come
 * from a file, so their length, version and packing are checked before anything else of them is used.
 * pipeline/layers/options.py declares the same structs. */
#ifndef DYNQ_OPTIONS_H_
#define DYNQ_OPTIONS_H_

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How the options of every operator begin. */
typedef struct {
  uint16_t version; /* of the struct */
  char packing[16]; /* kernel variant that the constants are packed for; zeros fill it up */
} dynq_options_head_t;

typedef struct {
  dynq_options_head_t head;
  uint16_t inputs;
  uint16_t outputs;
  uint8_t bits;
  uint8_t relu;
  uint16_t zero; /* at the end of all options: a flexbuffer cannot end so */
} dynq_fully_connected_options_t;

typedef struct {
  dynq_options_head_t head;
  uint16_t channels;
  uint16_t taps;
  uint16_t dilation;
  uint16_t relu;
  uint16_t zero;
} dynq_filter_options_t;

typedef struct {
  dynq_options_head_t head;
  uint16_t width;
  uint16_t frames;
  uint16_t share; /* 1 / frames as a binary16 number */
  uint16_t zero;
} dynq_mean_options_t;

typedef struct {
  dynq_options_head_t head;
  uint16_t width;
  uint8_t back; /* which layer the second input is; the graph says it too */
  uint8_t relu;
  uint16_t zero;
} dynq_add_options_t;

#define DYNQ_FULLY_CONNECTED_VERSION 3
#define DYNQ_FILTER_VERSION 1
#define DYNQ_MEAN_VERSION 1
#define DYNQ_ADD_VERSION 1

static_assert(sizeof(dynq_options_head_t) == 18, "the head has no padding");
static_assert(offsetof(dynq_fully_connected_options_t, inputs) == 18, "no padding");
static_assert(offsetof(dynq_fully_connected_options_t, bits) == 22, "no padding");
static_assert(offsetof(dynq_fully_connected_options_t, relu) == 23, "no padding");
static_assert(sizeof(dynq_fully_connected_options_t) == 26, "no padding");
static_assert(sizeof(dynq_filter_options_t) == 28, "no padding");
static_assert(sizeof(dynq_mean_options_t) == 26, "no padding");
static_assert(sizeof(dynq_add_options_t) == 24, "no padding");

/* Copies a file's options into the struct `options` of `size` bytes. NULL, or what is wrong: another length, another
 * version, or constants for other kernels than those compiled in. */
const char *dynq_options_read(const void *buffer, size_t length, uint16_t version, void *options, size_t size);

#ifdef __cplusplus
}
#endif
#endif
