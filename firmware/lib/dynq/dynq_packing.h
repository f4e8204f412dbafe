/* How weights and parameters lie in memory, variant by variant. pipeline/layers writes these.
 *
 * K inputs, N columns, b bits; q[k][j] the code of input k in column j, 0 .. 2^b - 1 (docs/method.md counts from
 * -2^(b-1)). A field marked ^ is stored with its top bit flipped, as a two's complement number, and so is
 * docs/method.md's code. Little-endian words, least significant field first. Padding holds zeros.
 *
 * columns (all variants): for each tile of T = DYNQ_COLUMN_TILE columns 2*T words: T times the step (binary16, low
 * half) and the bias (binary16, high half), T times the column sum R (int16, low half) and the offset L (int16, high
 * half). N is padded up to a multiple of T, in `weights` too.
 *
 * reference, T = 1: column after column, K fields each, filled up to a byte.
 *
 * scalar, T = 4:
 *   8 bits   one word per input k:        q[k][0] q[k][3] q[k][2] q[k][1]
 *   4 bits   two words per 4 inputs k..:  q[k..k+3][0] q[k..k+3][1]  |  the same of columns 2 and 3
 *   2 bits   two words per 8 inputs k..:  q[k..k+7][0] q[k..k+7][1]  |  the same of columns 2 and 3
 *
 * cortex_m4_dsp, T = 4. Inputs go in pairs (k, k+2): (0,2) (1,3) (4,6) (5,7) (8,10) ..., as SXTB16 leaves four int8.
 *   8 bits   two words per pair:          q[k][0] q[k][1]^ q[k+2][0] q[k+2][1]^  |  the same of columns 2 and 3
 *   4 bits   one word per pair:           q[k][0] q[k][1] q[k][2] q[k][3]^ q[k+2][0] .. q[k+2][3]^
 *   2 bits   two words per 8 inputs, columns (0, 1) and (2, 3); rotated right by 4*j the word shows input pair j:
 *              bits 0-1 q[k][0]   bits 14-15 q[k][1]^   bits 16-17 q[k+2][0]   bits 30-31 q[k+2][1]^
 *   K is padded to a multiple of 8, at 2 bits to DYNQ_M4_W2_* below.
 *
 * mve, T = 4, but in `weights` tiles of eight columns, and one of four where no more are left. Steps of 16 inputs; a
 * 16-byte vector has one input per byte lane.
 *   8 bits   eight vectors: q[k][0]^  |  q[k][1]^  |  ..  |  q[k][7]^
 *   4 bits   four vectors:  q[k][0] q[k][4]^  |  q[k][1] q[k][5]^  |  q[k][2] q[k][6]^  |  q[k][3] q[k][7]^
 *            of four columns: q[k][0] q[k][2]^  |  q[k][1] q[k][3]^
 *   2 bits   two vectors:   q[k][0] q[k][1] q[k][2] q[k][3]^  |  the same of columns 4 to 7
 *
 * taps (all variants): for each group of G = DYNQ_CHANNEL_TILE channels, for each tap, newest first: G int8. Their
 * parameters: a word per channel, step and bias as above. Channels are padded up to a multiple of G in both. */
#ifndef DYNQ_PACKING_H_
#define DYNQ_PACKING_H_

#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_REFERENCE)
#define DYNQ_COLUMN_TILE 1u
#define DYNQ_CHANNEL_TILE 1u
#elif defined(DYNQ_VARIANT_MVE)
#define DYNQ_COLUMN_TILE 4u
#define DYNQ_CHANNEL_TILE 8u
#else
#define DYNQ_COLUMN_TILE 4u
#define DYNQ_CHANNEL_TILE 4u
#endif

#define DYNQ_ROUND_UP(count, unit) (((uint32_t)(count) + (unit) - 1u) / (unit) * (unit))

/* Bytes of a frame's codes in scratch: int8 (reference, scalar, mve) or int16 (cortex_m4_dsp, with a start word before
 * every block at 2 bits). */
#if defined(DYNQ_VARIANT_CORTEX_M4_DSP)
#define DYNQ_CODE_BYTES(inputs) (DYNQ_M4_W2_BLOCKS(inputs) * (16u * DYNQ_M4_W2_STEPS(inputs) + 4u))
#else
#define DYNQ_CODE_BYTES(inputs) DYNQ_ROUND_UP(inputs, 16u)
#endif

/* Bytes of the last frames of a signal: a word, then two bytes a frame, then the codes (dynq_history.h). */
#define DYNQ_HISTORY_STRIDE(channels) DYNQ_ROUND_UP(channels, 8u)
#define DYNQ_HISTORY_TAG_BYTES(frames) DYNQ_ROUND_UP(2u * (frames), 4u)
#define DYNQ_HISTORY_BYTES(channels, frames)                                                                           \
  (4u + DYNQ_HISTORY_TAG_BYTES(frames) + (frames) * DYNQ_HISTORY_STRIDE(channels))

/* Bytes of one column in the reference packing. */
#define DYNQ_REFERENCE_COLUMN_BYTES(inputs, bits) (((uint32_t)(inputs) * (bits) + 7u) / 8u)

/* The 2-bit Cortex-M4 kernel sums two columns in one accumulator and takes them apart once per block of at most 5 steps
 * of 8 inputs. All blocks of a layer have the same number of steps. */
#define DYNQ_M4_W2_MAX_STEPS 5u
#define DYNQ_M4_STEPS(inputs) (((uint32_t)(inputs) + 7u) / 8u)
#define DYNQ_M4_W2_BLOCKS(inputs) ((DYNQ_M4_STEPS(inputs) + DYNQ_M4_W2_MAX_STEPS - 1u) / DYNQ_M4_W2_MAX_STEPS)
#define DYNQ_M4_W2_STEPS(inputs) ((DYNQ_M4_STEPS(inputs) + DYNQ_M4_W2_BLOCKS(inputs) - 1u) / DYNQ_M4_W2_BLOCKS(inputs))

#endif
