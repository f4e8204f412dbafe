/* What every type of layer is to whoever runs a network: one function of one shape. And the types that there are. */
#ifndef DYNQ_LAYERS_H_
#define DYNQ_LAYERS_H_

#include "dynq.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What int8 codes stand for: scale * (code - zero_point). */
typedef struct {
  float scale;        /* at most 11 significant bits, 2^-16..2^16 */
  int32_t zero_point; /* -128..127 */
} dynq_codes_t;

/* What a layer reads or writes: a float32 vector and its range, or the int8 rows of the network's input. */
typedef struct {
  void *values;
  union {
    dynq_range_t range; /* of floats, where it is asked for */
    dynq_codes_t codes;
  };
  uint8_t is_codes;
  uint8_t ranged; /* of floats: whether a reader asks for their range, so that whoever writes them finds it */
} dynq_signal_t;

/* One step of a layer. `layer`: its descriptor. `inputs`: as many signals as the type reads. `output`: where the values
 * go, in no input unless the type says so. `state`: what the layer keeps from step to step, all zero bytes at reset;
 * NULL for a type that keeps nothing. `scratch`: 16-byte aligned, nothing in it lasts. */
typedef void (*dynq_step_t)(const void *layer, const dynq_signal_t *const inputs[], dynq_signal_t *output, void *state,
                            void *scratch);

/* y = x W + b, by dynq_dense_w8(), _w4() or _w2() for weights of that many bits. `weights` are packed for the variant
 * that the library was compiled as (dynq_variant()), `columns` holds the parameters in the same order. Both must be
 * 4-byte aligned (16 for the Helium variant). */
typedef struct {
  const void *weights;
  const uint32_t *columns; /* see dynq_packing.h */
  uint16_t inputs;         /* K, 1..4096 */
  uint16_t outputs;        /* N, 1..4096 */
  uint8_t relu;            /* 0 or 1 */
} dynq_dense_t;

/* A filter over time for every channel: z_c = b_c + sum_i tap_ic x_c(t - i * dilation). */
typedef struct {
  const int8_t *taps;         /* packed, see dynq_packing.h; 4-byte aligned */
  const uint32_t *parameters; /* see dynq_packing.h */
  uint16_t channels;          /* 1..4096 */
  uint16_t count;             /* of taps, 1..256 */
  uint16_t dilation;          /* 1.. */
  uint8_t relu;
} dynq_filter_t;

/* The mean of the last frames. */
typedef struct {
  uint16_t channels; /* 1..4096 */
  uint16_t frames;   /* 1..256 */
  uint16_t share;    /* 1 / frames as a binary16 number */
} dynq_mean_t;

/* The sum of two float vectors. */
typedef struct {
  uint16_t channels; /* 1..4096 */
  uint8_t relu;
} dynq_add_t;

void dynq_dense_w8(const void *layer, const dynq_signal_t *const inputs[], dynq_signal_t *output, void *state,
                   void *scratch);
void dynq_dense_w4(const void *layer, const dynq_signal_t *const inputs[], dynq_signal_t *output, void *state,
                   void *scratch);
void dynq_dense_w2(const void *layer, const dynq_signal_t *const inputs[], dynq_signal_t *output, void *state,
                   void *scratch);
void dynq_filter(const void *layer, const dynq_signal_t *const inputs[], dynq_signal_t *output, void *state,
                 void *scratch);
void dynq_mean(const void *layer, const dynq_signal_t *const inputs[], dynq_signal_t *output, void *state,
               void *scratch);
void dynq_add(const void *layer, const dynq_signal_t *const inputs[], dynq_signal_t *output, void *state,
              void *scratch);

#ifdef __cplusplus
}
#endif
#endif
