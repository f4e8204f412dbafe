/* Cortex-M55 and other Armv8.1-M cores with Helium. VMLADAVA sums 16 products of int8 lanes into a core register.
 *
 * A byte lane of a weight vector holds the codes of several columns for one input, the highest one stored signed; sums
 * of the byte and of the byte less its highest fields nest, as in the cortex_m4_dsp variant, and their differences are
 * the columns' dot products.
 *
 * Vector float arithmetic flushes subnormals to zero. docs/method.md has none where that could be seen. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_MVE)
#include "dynq_mve.h"

#define LANES 16u
#define STEPS(inputs) (((uint32_t)(inputs) + LANES - 1u) / LANES)

const char *dynq_variant(void) {
  return "mve";
}

/* The vectors' lanes to the largest, or smallest, of x[n] as signed and as unsigned integers. */
#define EXTREMES(kind, one, other)                                                                                     \
  __asm volatile("wlstp.32 lr, %[n], 2f\n"                                                                             \
                 "1: vldrw.32 q4, [%[x]], #16\n" kind ".s32 %q[a], %q[a], q4\n" kind ".u32 %q[b], %q[b], q4\n"         \
                 "letp lr, 1b\n"                                                                                       \
                 "2:\n"                                                                                                \
                 : [x] "+r"(at), [a] "+w"(one), [b] "+w"(other)                                                        \
                 : [n] "r"(n)                                                                                          \
                 : "lr", "q4", "memory")

/* Among floats as integers the largest signed one is the largest non-negative value, the largest unsigned one the most
 * negative value. Only where all values have one sign, the smallest are asked for too, which then are the other end. */
void dynq_scan(const float *x, uint32_t n, dynq_range_t *range) {
  const float *at = x;
  int32x4_t of_signed = vdupq_n_s32(INT32_MIN);
  uint32x4_t of_unsigned = vdupq_n_u32(0);
  EXTREMES("vmax", of_signed, of_unsigned);
  const int32_t high = vmaxvq_s32(INT32_MIN, of_signed);
  const uint32_t most = vmaxvq_u32(0, of_unsigned);
  range->high = dynq_float((uint32_t)high);
  range->low = dynq_float(most);
  if (((uint32_t)high ^ most) >> 31 == 0) {
    at = x;
    of_signed = vdupq_n_s32(INT32_MAX);
    of_unsigned = vdupq_n_u32(UINT32_MAX);
    EXTREMES("vmin", of_signed, of_unsigned);
    range->high = dynq_float(high < 0 ? vminvq_u32(UINT32_MAX, of_unsigned) : most);
    range->low = dynq_float(high < 0 ? most : (uint32_t)vminvq_s32(INT32_MAX, of_signed));
  }
}

/* ---- Codes. Adding the rounder leaves them in the low bits. */
static int32_t codes_f32(const float *x, uint32_t inputs, const dynq_frame_t *frame, int8_t *codes) {
  const float rounder = DYNQ_ROUNDER - (float)frame->zero;
  const float32x4_t added = vdupq_n_f32(rounder);
  uint32_t sum = 0;
  memset(codes + STEPS(inputs) * LANES - LANES, 0, LANES);
  if (inputs >= 8) {
    __asm volatile("dls lr, %[turns]\n"
                   "1: vldrw.32 q4, [%[x]], #16\n"
                   "vldrw.32 q5, [%[x]], #16\n"
                   "vmul.f32 q4, q4, %[inverse]\n"
                   "vmul.f32 q5, q5, %[inverse]\n"
                   "vadd.f32 q4, q4, %q[added]\n"
                   "vadd.f32 q5, q5, %q[added]\n"
                   "vaddva.u32 %[sum], q4\n"
                   "vstrb.32 q4, [%[codes]], #4\n"
                   "vaddva.u32 %[sum], q5\n"
                   "vstrb.32 q5, [%[codes]], #4\n"
                   "le lr, 1b\n"
                   : [x] "+r"(x), [codes] "+r"(codes), [sum] "+Te"(sum)
                   : [turns] "r"(inputs / 8u), [added] "w"(added), [inverse] "r"(frame->inverse)
                   : "lr", "q4", "q5", "memory");
  }
  for (int32_t left = inputs % 8u; left > 0; left -= 4, x += 4, codes += 4) {
    const mve_pred16_t real = vctp32q((uint32_t)left);
    const int32x4_t code = vreinterpretq_s32_f32(vaddq_f32(vmulq_n_f32(vldrwq_z_f32(x, real), frame->inverse), added));
    vstrbq_p_s32(codes, code, real);
    sum += (uint32_t)vaddvq_p_s32(code, real);
  }
  return (int32_t)(sum - inputs * DYNQ_ROUNDER_BITS);
}

static int32_t find_codes(const dynq_dense_t *layer, const void *x, const dynq_frame_t *frame, void *scratch) {
  if (frame != NULL) {
    return codes_f32(x, layer->inputs, frame, scratch);
  }
  const int8_t *from = x;
  int8_t *codes = scratch;
  int32_t sum = 0;
  for (int32_t left = layer->inputs; left > 0; left -= (int32_t)LANES, from += LANES, codes += LANES) {
    int8x16_t code = vldrbq_z_s8(from, vctp8q((uint32_t)left));
    vstrbq_s8(codes, code);
    sum = vaddvaq_s8(sum, code);
  }
  return sum;
}

/* Four words as a vector: GCC would send them through memory. */
static inline int32x4_t vector_of(int32_t a, int32_t b, int32_t c, int32_t d) {
  int32x4_t v;
  __asm("vmov %q[v][2], %q[v][0], %[a], %[c]\n"
        "vmov %q[v][3], %q[v][1], %[b], %[d]"
        : [v] "=&w"(v)
        : [a] "r"(a), [b] "r"(b), [c] "r"(c), [d] "r"(d));
  return v;
}

/* Low-overhead loops over steps of 16 inputs, steps > 0: q0 codes, q1 and q2 weights, q4-q6 masks; the sums in even
 * registers, as VMLADAVA wants them. In assembly because the compiler neither forms these loops nor post-increments. */
#define DOT_LOOP(body, ...)                                                                                            \
  __asm volatile("dls lr, %[steps]\n"                                                                                  \
                 "1: vldrb.8 q0, [%[x]], #16\n" body "le lr, 1b\n"                                                     \
                 : "+r"(a), "+r"(b), "+r"(c), "+r"(d), [x] "+r"(codes), [w] "+r"(*weights)                             \
                 : __VA_ARGS__                                                                                         \
                 : "lr", "q0", "q1", "q2", "memory")
#define SUMS(start_a, start_b, start_c, start_d)                                                                       \
  register int32_t a __asm("r0") = start_a;                                                                            \
  register int32_t b __asm("r2") = start_b;                                                                            \
  register int32_t c __asm("r4") = start_c;                                                                            \
  register int32_t d __asm("r6") = start_d

/* Out of their registers at once: without optimisation, arguments of a call would overwrite them. */
#define SUMMED const int32_t p = a, q = b, r = c, s = d

/* |sum| <= 128 * 128 * 4096 < 2^31 */
static inline int32x4_t dots_w8(const int8_t *codes, const int8_t **weights, uint32_t steps, int32_t missing) {
  (void)missing;
  SUMS(0, 0, 0, 0);
  DOT_LOOP("vldrb.8 q1, [%[w]], #16\n"
           "vmladava.s8 r0, q1, q0\n"
           "vldrb.8 q2, [%[w]], #16\n"
           "vmladava.s8 r2, q2, q0\n"
           "vldrb.8 q1, [%[w]], #16\n"
           "vmladava.s8 r4, q1, q0\n"
           "vldrb.8 q2, [%[w]], #16\n"
           "vmladava.s8 r6, q2, q0\n",
           [steps] "r"(steps));
  SUMMED;
  return vector_of(p, q, r, s);
}

/* lane = F0 + 16 F1; fields stored unsigned lack -2^(b-1) times the code sum, which is `missing`: all but a byte's
 * highest, so the nested sums start with what those within them lack. */
static inline int32x4_t dots_w4(const int8_t *codes, const int8_t **weights, uint32_t steps, int32_t missing) {
  const uint8x16_t mask = vdupq_n_u8(0x0f);
  SUMS(missing, missing, missing, missing);
  DOT_LOOP("vldrb.8 q1, [%[w]], #16\n"
           "vmladava.s8 r2, q1, q0\n"
           "vand q1, q1, %q[mask]\n"
           "vldrb.8 q2, [%[w]], #16\n"
           "vmladava.s8 r0, q1, q0\n"
           "vand q1, q2, %q[mask]\n"
           "vmladava.s8 r6, q2, q0\n"
           "vmladava.s8 r4, q1, q0\n",
           [steps] "r"(steps), [mask] "w"(mask));
  SUMMED;
  return vector_of(p, (q - p) >> 4, r, (s - r) >> 4);
}

/* lane = F0 + 4 F1 + 16 F2 + 64 F3 */
static inline int32x4_t dots_w2(const int8_t *codes, const int8_t **weights, uint32_t steps, int32_t missing) {
  const uint8x16_t mask1 = vdupq_n_u8(0x03), mask2 = vdupq_n_u8(0x0f), mask3 = vdupq_n_u8(0x3f);
  const int32_t in_two = 5 * missing, in_three = 21 * missing;
  SUMS(missing, in_two, in_three, in_three);
  DOT_LOOP("vldrb.8 q1, [%[w]], #16\n"
           "vand q2, q1, %q[mask3]\n"
           "vmladava.s8 r6, q1, q0\n"
           "vand q1, q1, %q[mask2]\n"
           "vmladava.s8 r4, q2, q0\n"
           "vand q2, q2, %q[mask1]\n"
           "vmladava.s8 r2, q1, q0\n"
           "vmladava.s8 r0, q2, q0\n",
           [steps] "r"(steps), [mask1] "w"(mask1), [mask2] "w"(mask2), [mask3] "w"(mask3));
  SUMMED;
  return vector_of(p, (q - p) >> 2, (r - q) >> 4, (s - r) >> 6);
}

/* After ReLU the largest is known, and a 0 is mostly soon found. */
static __attribute__((noinline)) void range_of(const dynq_dense_t *layer, float high, dynq_signal_t *output) {
  const uint32_t *y = output->values;
  for (uint32_t left = layer->relu && layer->outputs % 4u == 0 ? layer->outputs : 0; left > 0; left--) {
    if (*y++ == 0) {
      output->range = (dynq_range_t){0.0f, high};
      return;
    }
  }
  dynq_scan(output->values, layer->outputs, &output->range);
}

/* (C << 12) (L << 12) has C L >> 8 in its upper half. */
static inline __attribute__((always_inline)) void
columns(const dynq_dense_t *layer, const dynq_frame_t *frame, const void *scratch, dynq_signal_t *output, uint32_t bits,
        int32x4_t (*find_dots)(const int8_t *, const int8_t **, uint32_t, int32_t)) {
  const int8_t *weights = layer->weights;
  const uint32_t *words = layer->columns, steps = STEPS(layer->inputs);
  const int32x4_t codes = vdupq_n_s32(frame->code_sum * 4096);
  const int32x4_t floor = vdupq_n_s32(layer->relu ? 0 : INT32_MIN); /* as integers, negative floats are negative */
  const int32_t zero = frame->zero, missing = -(1 << (bits - 1u)) * frame->code_sum;
  const float unit = frame->step;
  int32x4_t high = vdupq_n_s32(0);
  int32_t *y = output->values;
  for (int32_t left = (int32_t)layer->outputs; left > 0; left -= 4, words += 8, y += 4) {
    const int32x4_t sums = find_dots(scratch, &weights, steps, missing);
    const int16x8_t pairs = vreinterpretq_s16_u32(vld1q_u32(words + 4));
    int32x4_t by_zero = vmulq_n_s32(vmovlbq_s16(pairs), zero);
    by_zero = bits == 8 ? by_zero : bits == 4 ? vshrq_n_s32(by_zero, 2) : vshrq_n_s32(by_zero, 3);
    const int32x4_t by_offset = vmulhq_s32(vshlltq_n_s16(pairs, 12), codes);
    const int32x4_t total = vaddq_s32(vaddq_s32(sums, by_zero), by_offset);
    const int32x4_t value = vmaxq_s32(dynq_mve_affine(unit, vld1q_u32(words), total), floor);
    high = vmaxq_s32(high, value);
    if (left >= 4) {
      vst1q_s32(y, value);
    } else {
      vstrwq_p_s32(y, value, vctp32q((uint32_t)left));
    }
  }
  if (output->ranged) {
    range_of(layer, dynq_float((uint32_t)vmaxvq_s32(0, high)), output);
  }
}

#define KERNEL(bits)                                                                                                   \
  static void columns_w##bits(const dynq_dense_t *layer, const dynq_frame_t *frame, const void *scratch,               \
                              dynq_signal_t *output) {                                                                 \
    columns(layer, frame, scratch, output, bits, dots_w##bits);                                                        \
  }                                                                                                                    \
  DYNQ_DENSE(bits, find_codes, columns_w##bits)
KERNEL(8)
KERNEL(4)
KERNEL(2)
#endif
