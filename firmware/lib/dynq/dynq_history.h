/* The past of a signal, as filters and means keep it: a ring of frames with power-of-two steps. Internal. */
#ifndef DYNQ_HISTORY_H_
#define DYNQ_HISTORY_H_

#include "dynq_frame.h"

/* A frame of a window, ready to be summed: channel c counts (codes[c] << shift) - zero, 0 where shift is
 * DYNQ_NO_SHIFT. */
typedef struct {
  const uint8_t *codes;
  uint32_t shift;
  int32_t zero;
} dynq_past_t;

#define DYNQ_NO_SHIFT 32u /* the shift of a frame that does not count; shifting a word by it gives 0 on Arm */

/* The last frames that a layer sees, newest first, and what their sums count in. */
typedef struct {
  dynq_past_t *frames;
  uint32_t count;
  float unit;
  uint32_t zeros; /* 0 where all zeros are */
} dynq_window_t;

/* Takes the newest vector into a ring of `frames` frames. */
void dynq_history_push(void *state, uint32_t channels, uint32_t frames, const dynq_signal_t *input);

/* Every `dilation`th frame of the ring, from the newest on; scratch holds them. 0 if one is invalid. */
int dynq_history_window(const void *state, uint32_t channels, uint32_t frames, uint32_t dilation, float scale,
                        void *scratch, dynq_window_t *window);

/* A variant's kernels: codes[n] = rint(x[n] * 2^-exponent) + zero; */
void dynq_history_codes(const float *x, uint32_t n, int32_t exponent, uint32_t zero, uint8_t *codes);

/* all outputs of a filter over a window; */
void dynq_filter_channels(const dynq_filter_t *layer, const dynq_window_t *window, dynq_signal_t *output);

/* those of a mean; */
void dynq_mean_channels(const dynq_mean_t *layer, const dynq_window_t *window, dynq_signal_t *output);

/* and y = a + b. Each fills the output's range where the layer is ranged. */
void dynq_add_channels(const dynq_add_t *layer, const float *a, const float *b, dynq_signal_t *output);

/* Brings frames of the same shift together, those that do not count last: sums do not ask for their order, and bytes of
 * up to 256 frames add up within 16 bits before they are shifted. Returns the frames that count and the sum of their
 * zeros. */
uint32_t dynq_history_group(const dynq_window_t *window, int32_t *zero);

static inline int32_t dynq_past_value(const dynq_past_t *frame, uint32_t channel) {
  return frame->shift == DYNQ_NO_SHIFT ? 0 : (int32_t)((uint32_t)frame->codes[channel] << frame->shift) - frame->zero;
}

#endif
