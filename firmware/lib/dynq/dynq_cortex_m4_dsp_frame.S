/* Range and codes of frames on cortex_m4_dsp. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_CORTEX_M4_DSP)
#include "dynq_cortex_m4_dsp_extreme.inc"
#include "dynq_function.inc"

/* ---- Range: r0 x | r1 n | r2 range -> r3 largest as signed | r12 largest as unsigned | r4-r7 x.
 * Among floats as integers the largest signed one is the largest non-negative value, the largest unsigned one the most
 * negative value. Only a vector all of one sign needs a second pass, for its smallest. A NaN comes out as one of the two. */
.macro LARGEST x
  cmp \x,r3
  it gt
  movgt r3,\x
  cmp \x,r12
  it hi
  movhi r12,\x
.endm
.macro LARGEST_OF_FOUR
  ANY_BEYOND gt,le,r3
  ANY_BEYOND hi,ls,r12
.endm
.macro SMALLEST x
  cmp \x,r3
  it lt
  movlt r3,\x
.endm
.macro SMALLEST_OF_FOUR
  ANY_BEYOND lt,ge,r3
.endm
/* Applies `each` to all of x[n]; r1 counts down to 0. */
.macro EVERY each
1:
  tst r1,#7
  beq 2f
  ldr r4,[r0],#4
  \each r4
  subs r1,r1,#1
  b 1b
2:
  cbz r1,4f
3:
  .rept 2
  ldmia r0!,{r4-r7}
  \each\()_OF_FOUR
  .endr
  subs r1,r1,#8
  bne 3b
4:
.endm

FUNCTION dynq_scan
  push {r0,r1,r4-r7}
  mov r3,#0x80000000
  movs r12,#0
  EVERY LARGEST
  teq r3,r12
  bpl .Lone_sign
  strd r12,r3,[r2]
  pop {r0,r1,r4-r7}
  bx lr
.Lone_sign:
  ldrd r0,r1,[sp]
  mov r3,#0x7fffffff
  EVERY SMALLEST
  cmp r12,#0
  ite pl
  strdpl r3,r12,[r2]
  strdmi r12,r3,[r2]
  pop {r0,r1,r4-r7}
  bx lr
END_FUNCTION dynq_scan

/* ---- Codes: r0 x | r1 codes | r2 steps | r3 rounding or, for int8, none | r4-r8 pairs | r9 ones per lane | r12 sum */
.macro PAIRS_F32 low high a b c d
  vmov \low,\high,\a,\b
  vmov r3,r8,\c,\d
  pkhbt \low,\low,r3,lsl #16
  pkhbt \high,\high,r8,lsl #16
  smlad r12,\low,r9,r12
  smlad r12,\high,r9,r12
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
.Lstep_f32:
  vldmia r0!,{s2-s9}
  .irp x,s2,s3,s4,s5,s6,s7,s8,s9
  vmul.f32 \x,\x,s0
  .endr
  .irp x,s2,s3,s4,s5,s6,s7,s8,s9
  vadd.f32 \x,\x,s1 /* leaves the code in the low bits */
  .endr
  PAIRS_F32 r4,r5,s2,s3,s4,s5
  PAIRS_F32 r6,r7,s6,s7,s8,s9
  subs r2,r2,#1
  stmia r1!,{r4-r7}
  bne .Lstep_f32
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
