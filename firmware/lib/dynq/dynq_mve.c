/* Cortex-M55 and other Armv8.1-M cores with Helium. VMLADAVA sums 16 products of int8 lanes into a core register.
 *
 * A byte lane of a weight vector holds the codes of several columns for one input, the highest one stored signed; sums
 * of the byte and of the byte less its highest fields nest, as in the cortex_m4_dsp variant, and their differences are
 * the columns' dot products.
 *
 * Vector float arithmetic flushes denormals to zero. Frame codes do not notice: where a difference x - m is so small
 * that it could, the code is 0 either way, as the range is at least 2^-64. The affine correction could: should the
 * FPU's flags say that it met a denormal, the columns are done again with scalar instructions, which keep them. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_MVE)
#include <arm_mve.h>

#include "dynq_frame.h"
#include "dynq_packing.h"

#define LANES 16u
#define STEPS(inputs) (((uint32_t)(inputs) + LANES - 1u) / LANES)

const char *dynq_variant(void) {
  return "mve";
}

size_t dynq_scratch_bytes(uint32_t inputs) {
  return DYNQ_SCRATCH_BYTES(inputs);
}

void dynq_scan(const float *x, uint32_t n, dynq_range_t *range) {
  const int32_t *bits = (const int32_t *)(const void *)x;
  int32x4_t low = vdupq_n_s32(INT32_MAX), high = vdupq_n_s32(INT32_MIN);
  for (int32_t left = (int32_t)n; left > 0; left -= 4, bits += 4) {
    mve_pred16_t real = vctp32q((uint32_t)left);
    int32x4_t value = vldrwq_z_s32(bits, real);
    uint32x4_t flip = vshrq_n_u32(vreinterpretq_u32_s32(vshrq_n_s32(value, 31)), 1);
    int32x4_t key = veorq_s32(value, vreinterpretq_s32_u32(flip));
    low = vminq_m_s32(low, low, key, real);
    high = vmaxq_m_s32(high, high, key, real);
  }
  range->low = dynq_float((uint32_t)dynq_key((uint32_t)vminvq_s32(INT32_MAX, low)));
  range->high = dynq_float((uint32_t)dynq_key((uint32_t)vmaxvq_s32(INT32_MIN, high)));
}

static inline int32x4_t codes_of(float32x4_t x, const dynq_frame_t *frame) {
  return vcvtnq_s32_f32(vmulq_n_f32(vsubq_n_f32(x, frame->offset), frame->inverse));
}

static int32_t clamp_codes(int8_t *codes, const float *x, uint32_t inputs, const dynq_frame_t *frame) {
  int32_t sum = 0;
  for (uint32_t k = 0; k < inputs; k++) {
    codes[k] = (int8_t)dynq_clamp(dynq_round((x[k] - frame->offset) * frame->inverse));
    sum += codes[k];
  }
  return sum;
}

static int32_t codes_f32(const float *x, uint32_t left, const dynq_frame_t *frame, int8_t *codes) {
  const dynq_frame_t f = *frame;
  int32_t sum = 0;
  memset(codes + STEPS(left) * LANES - LANES, 0, LANES);
  if (f.clamp) {
    return clamp_codes(codes, x, left, frame);
  }
  for (; left >= 4; left -= 4, x += 4, codes += 4) {
    int32x4_t code = codes_of(vld1q_f32(x), &f);
    vstrbq_s32(codes, code);
    sum = vaddvaq_s32(sum, code);
  }
  if (left) {
    mve_pred16_t real = vctp32q(left);
    int32x4_t code = codes_of(vldrwq_z_f32(x, real), &f);
    vstrbq_p_s32(codes, code, real);
    sum = vaddvaq_p_s32(sum, code, real);
  }
  return sum;
}

int32_t dynq_codes(const dynq_layer_t *layer, const void *x, const dynq_frame_t *frame, void *scratch) {
  if (frame != NULL) {
    return codes_f32(x, layer->inputs, frame, scratch);
  }
  const int8_t *from = x;
  int8_t *codes = scratch;
  int32_t sum = 0;
  for (int32_t left = layer->inputs; left > 0; left -= LANES, from += LANES, codes += LANES) {
    int8x16_t code = vmaxq_s8(vldrbq_z_s8(from, vctp8q((uint32_t)left)), vdupq_n_s8(-DYNQ_CODE_LIMIT));
    vstrbq_s8(codes, code);
    sum = vaddvaq_s8(sum, code);
  }
  return sum;
}

typedef struct {
  int32_t column[DYNQ_COLUMN_TILE];
} dots_t;

/* Low-overhead loops over steps of 16 inputs, steps > 0: q0 codes, q1 and q2 weights, q4-q6 masks; the sums in even
 * registers, as VMLADAVA wants them. In assembly because the compiler neither forms these loops nor post-increments. */
#define DOT_LOOP(body, ...)                                                                                            \
  __asm volatile("dls lr, %[steps]\n"                                                                                  \
                 "1: vldrb.8 q0, [%[x]], #16\n" body "le lr, 1b\n"                                                     \
                 : "+r"(a), "+r"(b), "+r"(c), "+r"(d), [x] "+r"(codes), [w] "+r"(*weights)                             \
                 : [steps] "r"(steps), ##__VA_ARGS__                                                                   \
                 : "lr", "q0", "q1", "q2", "memory")
#define SUMS                                                                                                           \
  register int32_t a __asm("r0") = 0;                                                                                  \
  register int32_t b __asm("r2") = 0;                                                                                  \
  register int32_t c __asm("r4") = 0;                                                                                  \
  register int32_t d __asm("r6") = 0

/* |sum| <= 128 * 127 * 4096 < 2^31 */
static inline dots_t dots_w8(const int8_t *codes, const int8_t **weights, uint32_t steps) {
  SUMS;
  DOT_LOOP("vldrb.8 q1, [%[w]], #16\n"
           "vmladava.s8 r0, q1, q0\n"
           "vldrb.8 q2, [%[w]], #16\n"
           "vmladava.s8 r2, q2, q0\n"
           "vldrb.8 q1, [%[w]], #16\n"
           "vmladava.s8 r4, q1, q0\n"
           "vldrb.8 q2, [%[w]], #16\n"
           "vmladava.s8 r6, q2, q0\n");
  return (dots_t){{a, b, c, d}};
}

/* lane = F0 + 16 F1 */
static inline dots_t dots_w4(const int8_t *codes, const int8_t **weights, uint32_t steps) {
  const uint8x16_t mask = vdupq_n_u8(0x0f);
  SUMS;
  DOT_LOOP("vldrb.8 q1, [%[w]], #16\n"
           "vmladava.s8 r2, q1, q0\n"
           "vand q1, q1, %q[mask]\n"
           "vldrb.8 q2, [%[w]], #16\n"
           "vmladava.s8 r0, q1, q0\n"
           "vand q1, q2, %q[mask]\n"
           "vmladava.s8 r6, q2, q0\n"
           "vmladava.s8 r4, q1, q0\n",
           [mask] "w"(mask));
  return (dots_t){{a, (b - a) >> 4, c, (d - c) >> 4}};
}

/* lane = F0 + 4 F1 + 16 F2 + 64 F3 */
static inline dots_t dots_w2(const int8_t *codes, const int8_t **weights, uint32_t steps) {
  const uint8x16_t mask1 = vdupq_n_u8(0x03), mask2 = vdupq_n_u8(0x0f), mask3 = vdupq_n_u8(0x3f);
  SUMS;
  DOT_LOOP("vldrb.8 q1, [%[w]], #16\n"
           "vand q2, q1, %q[mask3]\n"
           "vmladava.s8 r6, q1, q0\n"
           "vand q1, q1, %q[mask2]\n"
           "vmladava.s8 r4, q2, q0\n"
           "vand q2, q2, %q[mask1]\n"
           "vmladava.s8 r2, q1, q0\n"
           "vmladava.s8 r0, q2, q0\n",
           [mask1] "w"(mask1), [mask2] "w"(mask2), [mask3] "w"(mask3));
  return (dots_t){{a, (b - a) >> 2, (c - b) >> 4, (d - c) >> 6}};
}

/* What the fields stored signed lack: 2^(b-1) times the code sum, in the columns that are a byte's highest field. */
static inline int32x4_t correction(uint32_t bits, int32_t code_sum) {
  static const int8_t flipped[3][DYNQ_COLUMN_TILE] = {{0, 0, 0, 2}, {0, 8, 0, 8}, {-128, -128, -128, -128}};
  int32x4_t factor = vldrbq_s32(flipped[bits / 4]);
  return vmulq_n_s32(factor, bits == 8 ? -code_sum : code_sum);
}

/* What a pass over the columns takes. */
typedef struct {
  const dynq_frame_t *frame;
  const int8_t *codes;
  const int8_t *weights;
  const float *columns;
  uint32_t outputs;
  uint32_t steps;
  int32_t floor; /* ReLU: 0; INT32_MIN otherwise. As integers, negative floats are negative. */
} pass_t;

static inline int32x4_t tile_dots(pass_t *pass, uint32_t bits, int32x4_t lacking) {
  dots_t dots = bits == 8   ? dots_w8(pass->codes, &pass->weights, pass->steps)
                : bits == 4 ? dots_w4(pass->codes, &pass->weights, pass->steps)
                            : dots_w2(pass->codes, &pass->weights, pass->steps);
  const int32x4_t sums = {dots.column[0], dots.column[1], dots.column[2], dots.column[3]};
  return vaddq_s32(sums, lacking);
}

static inline __attribute__((always_inline)) void vector_pass(pass_t pass, uint32_t bits, float *y) {
  const dynq_frame_t frame = *pass.frame;
  const float product = frame.scale * (float)frame.code_sum;
  const int32x4_t lacking = correction(bits, frame.code_sum), floor = vdupq_n_s32(pass.floor);
  for (int32_t left = (int32_t)pass.outputs; left > 0; left -= 4, pass.columns += 16, y += 4) {
    float32x4_t dots = vcvtq_f32_s32(tile_dots(&pass, bits, lacking));
    float32x4_t products = vaddq_f32(vmulq_f32(vmulq_n_f32(vld1q_f32(pass.columns), frame.scale), dots),
                                     vmulq_n_f32(vld1q_f32(pass.columns + 4), product));
    float32x4_t rest = vaddq_f32(vmulq_n_f32(vld1q_f32(pass.columns + 8), frame.offset), vld1q_f32(pass.columns + 12));
    int32x4_t value = vmaxq_s32(vreinterpretq_s32_f32(vaddq_f32(products, rest)), floor);
    vstrwq_p_s32((int32_t *)(void *)y, value, vctp32q((uint32_t)left));
  }
}

static __attribute__((noinline)) void scalar_pass(pass_t pass, uint32_t bits, float *y) {
  const float product = pass.frame->scale * (float)pass.frame->code_sum;
  const int32x4_t lacking = correction(bits, pass.frame->code_sum);
  for (uint32_t j = 0; j < pass.outputs; j++) {
    int32_t dots[DYNQ_COLUMN_TILE];
    const float *p = pass.columns + 4 * (j - j % 4) + j % 4;
    if (j % 4 == 0) {
      vst1q_s32(dots, tile_dots(&pass, bits, lacking));
    }
    uint32_t value = dynq_bits(dynq_affine(pass.frame, product, dots[j % 4], p[0], p[4], p[8], p[12]));
    y[j] = dynq_float(pass.floor ? value : dynq_relu(value));
  }
}

#define FPSCR_FLUSHED ((1u << 7) | (1u << 3)) /* an operand (IDC) or a result (UFC) was a denormal */

static inline uint32_t read_fpscr(void) {
  uint32_t value;
  __asm volatile("vmrs %0, fpscr" : "=r"(value)::"memory");
  return value;
}

static inline void write_fpscr(uint32_t value) {
  __asm volatile("vmsr fpscr, %0" ::"r"(value) : "memory");
}

void dynq_columns(const dynq_layer_t *layer, const dynq_frame_t *frame, const void *scratch, float *y,
                  dynq_range_t *y_range) {
  const pass_t pass = {frame,
                       scratch,
                       layer->weights,
                       layer->columns,
                       layer->outputs,
                       STEPS(layer->inputs),
                       layer->relu ? 0 : INT32_MIN};
  const uint32_t before = read_fpscr();
  write_fpscr(before & ~FPSCR_FLUSHED);
  switch (layer->bits) {
  case 8:
    vector_pass(pass, 8, y);
    break;
  case 4:
    vector_pass(pass, 4, y);
    break;
  default:
    vector_pass(pass, 2, y);
    break;
  }
  if (read_fpscr() & FPSCR_FLUSHED) {
    scalar_pass(pass, layer->bits, y);
  }
  write_fpscr(before);
  if (y_range != NULL) {
    dynq_scan(y, layer->outputs, y_range);
  }
}
#endif
