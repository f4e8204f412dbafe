/* Cortex-M55 and other Armv8.1-M cores with Helium. The dense layers' loops are in dynq_mve_dense.S.
 *
 * Vector float arithmetic flushes subnormals to zero. docs/method.md has none where that could be seen. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_MVE)
#include "dynq_mve.h"

#define LANES 16u
#define UNROLLED_STEPS 4u
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

/* After ReLU the largest is known, and a 0 is mostly soon found. */
static __attribute__((noinline)) void range_of(const dynq_dense_t *layer, uint32_t high, dynq_signal_t *output) {
  const uint32_t *y = output->values;
  for (uint32_t left = layer->relu ? layer->outputs : 0; left > 0; left--) {
    if (*y++ == 0) {
      output->range = (dynq_range_t){0.0f, dynq_float(high)};
      return;
    }
  }
  dynq_scan(output->values, layer->outputs, &output->range);
}

/* `lacking`: what a tile's sums start with, in times what a field stored unsigned lacks. */
static inline __attribute__((always_inline)) void columns(const dynq_dense_t *layer, const dynq_frame_t *frame,
                                                          const void *scratch, dynq_signal_t *output, uint32_t bits,
                                                          const int8_t lacking[8], dynq_mve_columns_t *kernel) {
  const int32_t missing = -(1 << (bits - 1u)) * frame->code_sum;
  float *y = output->values;
  dynq_mve_job_t job;
  job.start0 = lacking[0] * missing;
  job.codes = scratch;
  job.start1 = lacking[1] * missing;
  job.start2 = lacking[2] * missing;
  job.steps = STEPS(layer->inputs);
  job.start3 = lacking[3] * missing;
  job.start4 = lacking[4] * missing;
  job.start5 = lacking[5] * missing;
  job.start6 = lacking[6] * missing;
  job.start7 = lacking[7] * missing;
  job.zero = frame->zero * (0x8000 >> DYNQ_SUM_SHIFT(bits));
  job.code_sum = frame->code_sum * 128;
  job.end = y + layer->outputs;
  job.weights = layer->weights;
  job.floor = layer->relu ? 0 : INT32_MIN; /* as integers, negative floats are negative */
  job.columns = layer->columns;
  job.y = y;
  job.skip = -job.steps % UNROLLED_STEPS;
  job.unit = frame->step;
  const uint32_t high = kernel(&job);
  if (output->ranged) {
    range_of(layer, high, output);
  }
}

#define KERNEL(bits, ...)                                                                                              \
  static void columns_w##bits(const dynq_dense_t *layer, const dynq_frame_t *frame, const void *scratch,               \
                              dynq_signal_t *output) {                                                                 \
    const int8_t lacking[8] = {__VA_ARGS__};                                                                           \
    columns(layer, frame, scratch, output, bits, lacking, dynq_mve_columns_w##bits);                                   \
  }                                                                                                                    \
  DYNQ_DENSE(bits, find_codes, columns_w##bits)
KERNEL(8, 0, 0, 0, 0, 0, 0, 0, 0)
KERNEL(4, 1, 1, 1, 1, 0, 0, 0, 0)
KERNEL(2, 21, 5, 1, 0, 21, 5, 1, 0)
#endif
