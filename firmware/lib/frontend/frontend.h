/* Audio front end: 16-bit PCM to log-mel filter-bank energies as int8 codes, one row per frame.
 *
 * The host trains on what this code computes and the device runs the same code: float32 + - * in a fixed order and
 * exact integer operations, no libm, tables generated on the host (pipeline/frontend/tables.py). Build with
 * -ffp-contract=off and every core, with or without an FPU, gives the same bits. No allocation, no global state. */
#ifndef FRONTEND_H_
#define FRONTEND_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FRONTEND_FFT_SIZE 512
#define FRONTEND_MAX_WINDOW FRONTEND_FFT_SIZE
#define FRONTEND_MAX_BANDS 40
#define FRONTEND_SCRATCH_FLOATS FRONTEND_FFT_SIZE

/* A code stands for log2 of a band's power: code = 5.5 * (log2(power) - 23), rounded, -127..127. One step is 0.55 dB;
 * the range spans silence with one bit of dither to a full-scale sine. */
#define FRONTEND_STEPS_PER_OCTAVE_X2 11
#define FRONTEND_ZERO_OCTAVE 23

typedef struct {
  uint16_t window_samples; /* 1..512, zero-padded to the transform's size */
  uint16_t hop_samples;
  uint16_t bands;
  uint16_t context_frames;     /* rows of one model input */
  uint16_t context_stride;     /* hops from one row to the next */
  uint16_t first_bin;          /* first transform bin of segment 0 */
  const float *window;         /* [window_samples], half a Hann window: see fft.c */
  const float *cosine;         /* [512], cos(2 pi k / 512) */
  const uint8_t *segment_bins; /* [bands + 1], bins between one band's edge and the next */
  const float *rising;         /* weight of each bin in the triangle that rises over its segment */
} frontend_config_t;

/* Mel power of one frame: pcm[window_samples] to power[bands]. scratch holds FRONTEND_SCRATCH_FLOATS. */
void frontend_power(const frontend_config_t *config, const int16_t *pcm, float *scratch, float *power);

/* Codes of `count` powers. Zero and anything below the range reads as -127, anything above it as 127. */
void frontend_encode(const float *power, int8_t *codes, size_t count);

/* PCM in chunks of any size to rows, one every context_stride hops. The first row is complete after window_samples. */
typedef struct {
  const frontend_config_t *config;
  uint32_t skip;   /* samples to drop before the next one is kept */
  uint16_t filled; /* samples kept in pcm */
  int16_t pcm[FRONTEND_MAX_WINDOW];
  float scratch[FRONTEND_SCRATCH_FLOATS];
} frontend_stream_t;

void frontend_stream_init(frontend_stream_t *stream, const frontend_config_t *config);

/* Consumes from *pcm (advancing it and *count) until a row is complete or the chunk is used up. True: row[bands] was
 * written, call again for the rest of the chunk. */
bool frontend_stream_push(frontend_stream_t *stream, const int16_t **pcm, size_t *count, int8_t *row);

/* The last context_frames rows, oldest first, contiguous: `rows` is the model's input as it stands. */
typedef struct {
  int8_t *rows; /* [context_frames * bands], the caller's */
  uint16_t filled;
} frontend_context_t;

void frontend_context_init(frontend_context_t *context, int8_t *rows);

/* Drops the oldest row, appends this one. True once every row is real audio. */
bool frontend_context_push(frontend_context_t *context, const frontend_config_t *config, const int8_t *row);

#ifdef __cplusplus
}
#endif
#endif
