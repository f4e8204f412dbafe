/* Codes of frames on cortex_m4_dsp. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_CORTEX_M4_DSP)
#include "dynq_function.inc"

/* ---- Codes: r0 x | r1 codes | r2 steps | r3 rounding or, for int8, none | r4-r8 pairs | r9 ones per lane | r12 sum */
.macro PAIRS_F32 low high a b c d
  vmov \low,\high,\a,\b
  vmov r3,r8,\c,\d
  pkhbt \low,\low,r3,lsl #16
  pkhbt \high,\high,r8,lsl #16
  smlad r12,\low,r9,r12
  smlad r12,\high,r9,r12
.endm

.macro STEP_F32
  vldmia r0!,{s2-s9}
  .irp x,s2,s3,s4,s5,s6,s7,s8,s9
  vmul.f32 \x,\x,s0
  .endr
  .irp x,s2,s3,s4,s5,s6,s7,s8,s9
  vadd.f32 \x,\x,s1 /* leaves the code in the low bits */
  .endr
  PAIRS_F32 r4,r5,s2,s3,s4,s5
  PAIRS_F32 r6,r7,s6,s7,s8,s9
  stmia r1!,{r4-r7}
.endm

FUNCTION dynq_m4_codes
  push {r4-r9}
  movs r12,#0
  mov r9,#0x00010001
  cmp r2,#0
  beq .Lcodes_done
  cmp r3,#0
  beq .Lstep_s8
  vldmia r3,{s0,s1}
  tst r2,#1
  beq .Lsteps_f32
  adds r2,r2,#1
  b .Lodd_step_f32
.Lsteps_f32:
  STEP_F32
.Lodd_step_f32:
  STEP_F32
  subs r2,r2,#2
  bne .Lsteps_f32
.Lcodes_done:
  mov r0,r12
  pop {r4-r9}
  bx lr
.Lstep_s8:
  ldr r5,[r0],#4
  ldr r7,[r0],#4
  sxtb16 r4,r5
  sxtb16 r5,r5,ror #8
  sxtb16 r6,r7
  sxtb16 r7,r7,ror #8
  smlad r12,r4,r9,r12
  smlad r12,r5,r9,r12
  smlad r12,r6,r9,r12
  smlad r12,r7,r9,r12
  subs r2,r2,#1
  stmia r1!,{r4-r7}
  bne .Lstep_s8
  b .Lcodes_done
END_FUNCTION dynq_m4_codes

/* ---- Codes of a history frame: r0 x | r1 n, a multiple of 4 | r2 codes | r3 rounding */
FUNCTION dynq_m4_history_codes
  cbz r1,.Lhistory_done
  push {r4-r6}
  vldmia r3,{s0,s1}
.Lhistory:
  vldmia r0!,{s2-s5}
  .irp x,s2,s3,s4,s5
  vmul.f32 \x,\x,s0
  .endr
  .irp x,s2,s3,s4,s5
  vadd.f32 \x,\x,s1
  .endr
  vmov r3,r4,s2,s3
  vmov r5,r6,s4,s5
  pkhbt r3,r3,r5,lsl #16
  pkhbt r4,r4,r6,lsl #16
  subs r1,r1,#4
  orr r3,r3,r4,lsl #8
  str r3,[r2],#4
  bne .Lhistory
  pop {r4-r6}
.Lhistory_done:
  bx lr
END_FUNCTION dynq_m4_history_codes
#endif
