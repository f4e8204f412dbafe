/* Which kernels this compilation gets. A build may name one with -DDYNQ_VARIANT_<NAME>; otherwise the compiler's own
 * architecture macros decide. Every source file of the library may be compiled always: the others empty themselves. */
#ifndef DYNQ_VARIANT_H_
#define DYNQ_VARIANT_H_

#if !defined(DYNQ_VARIANT_REFERENCE) && !defined(DYNQ_VARIANT_SCALAR) && !defined(DYNQ_VARIANT_CORTEX_M4_DSP) &&       \
    !defined(DYNQ_VARIANT_MVE)
#if defined(__ARM_FEATURE_MVE)
#define DYNQ_VARIANT_MVE
#elif defined(__ARM_FEATURE_DSP) && defined(__ARM_FP) && defined(__thumb2__)
#define DYNQ_VARIANT_CORTEX_M4_DSP
#elif defined(__arm__) && defined(__thumb__)
#define DYNQ_VARIANT_SCALAR
#else
#define DYNQ_VARIANT_REFERENCE
#endif
#endif

#ifndef __ASSEMBLER__
#ifdef __cplusplus
extern "C" {
#endif

/* Name of the compiled variant: "reference", "scalar", "cortex_m4_dsp" or "mve". */
const char *dynq_variant(void);

#ifdef __cplusplus
}
#endif
#endif

#endif
