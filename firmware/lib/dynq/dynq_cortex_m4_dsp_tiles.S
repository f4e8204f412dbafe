/* Inner loops of the cortex_m4_dsp variant. docs/kernels.md explains the packings with pictures.
 *
 * A 16-bit lane of a weight word holds the codes of several columns for one input, lowest column in the lowest bits and the
 * highest one stored signed. SMLAD of the word, and of the word less its highest fields, with the same input pair gives
 * nested sums
 *     s3 = F0 + 16 F1 + 256 F2 + 4096 F3,   s2 = F0 + 16 F1 + 256 F2,   s1 = F0 + 16 F1,   s0 = F0
 * whose differences are the columns' dot products, exactly: a difference below 2^31 survives arithmetic modulo 2^32. So the
 * masks nest, are taken in place, and need no register; one input word serves all columns.
 *
 * Core registers of all column kernels:
 *   r0-r3 input pairs | r4-r7 sums of the tile's columns | r8-r11 weights | r12 codes | lr weights pointer
 * FPU registers are the spill area: s0-s14 the job, s15 end of the section, s16, s17 sums of finished sections. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_CORTEX_M4_DSP)
  .syntax unified
  .thumb
  .section .text.dynq_cortex_m4_dsp,"ax",%progbits

#define SCALE s0
#define PRODUCT s1
#define OFFSET s2
#define CODES s3
#define CODES_END s4
#define SECTION s5
#define CORRECTION s6
#define ENTRY s7
#define COLUMNS s8
#define OUTPUT s9
#define LEFT s10 /* 2 * columns left + ReLU */
#define STEP s11 /* 2 bits; in the job, the bytes of a section */
#define HIGH s12
#define LOW s13
#define LOW_START s14
#define SECTION_END s15
#define JOB_SECTION_BYTES 44
#define JOB_HIGH 48
#define JOB_WEIGHTS 60
#define UNROLLED_STEPS 5
#define SECTION_BYTES 960 /* of 60 steps, a multiple of the unrolled ones */

.macro FUNCTION name
  .global \name
  .type \name,%function
  .thumb_func
  .balign 4
\name:
.endm
.macro END_FUNCTION name
  .size \name,.-\name
.endm

/* Loads the job; `skip` steps of `bytes` after `first` is where the unrolled steps are entered. */
.macro ENTER first bytes
  push {r0,r4-r11,lr}
  vpush {s16-s31}
  vldmia r0,{s0-s14}
  ldr lr,[r0,#JOB_WEIGHTS]
  vmov r1,ENTRY
  movs r2,#\bytes
  adr r3,\first
  mla r1,r1,r2,r3
  orr r1,r1,#1
.endm

/* At the end of the codes go to the epilogue, at the end of a section go on. */
.macro NEXT_SECTION
  vmov r0,CODES_END
  cmp r12,r0
  beq dynq_m4_store
.endm

/* ---- 8 bits: 8 inputs x 4 columns in 27 instructions, 39 cycles. A word holds one column pair. */
.macro PAIR_W8 first second input
  smlad r5,\first,\input,r5
  smlad r7,\second,\input,r7
  uxtb16 \first,\first
  uxtb16 \second,\second
  smlad r4,\first,\input,r4
  smlad r6,\second,\input,r6
.endm
.macro STEP_W8
  ldmia r12!,{r0-r3}
  ldmia lr!,{r8-r11}
  PAIR_W8 r8,r9,r0
  PAIR_W8 r10,r11,r1
  ldmia lr!,{r8-r11}
  PAIR_W8 r8,r9,r2
  PAIR_W8 r10,r11,r3
.endm

FUNCTION dynq_m4_columns_w8
  ENTER .Lsteps_w8,108
  vmov ENTRY,r1
  b dynq_m4_tile
  .balign 4
.Lsteps_w8:
  .rept UNROLLED_STEPS
  STEP_W8
  .endr
  vmov r0,SECTION_END
  cmp r12,r0
  bne .Lsteps_w8
  vmov r0,r1,s16,s17
  sub r5,r5,r4
  sub r7,r7,r6
  add r5,r0,r5,asr #8
  add r7,r1,r7,asr #8
  NEXT_SECTION
  vmov s16,s17,r5,r7
  mov r5,r4
  mov r7,r6
  add r0,r12,#SECTION_BYTES
  vmov SECTION_END,r0
  b .Lsteps_w8
END_FUNCTION dynq_m4_columns_w8

/* ---- 4 bits: 8 inputs x 4 columns in 30 instructions, 38 cycles. A word holds all four columns. */
.macro PAIRS_W4 first input0 second input1
  smlad r7,\first,\input0,r7
  bic \first,\first,#0xf000f000
  smlad r7,\second,\input1,r7
  bic \second,\second,#0xf000f000
  smlad r6,\first,\input0,r6
  uxtb16 \first,\first
  smlad r6,\second,\input1,r6
  uxtb16 \second,\second
  smlad r5,\first,\input0,r5
  and \first,\first,#0x000f000f
  smlad r5,\second,\input1,r5
  and \second,\second,#0x000f000f
  smlad r4,\first,\input0,r4
  smlad r4,\second,\input1,r4
.endm
.macro STEP_W4
  ldmia r12!,{r0-r3}
  ldmia lr!,{r8-r11}
  PAIRS_W4 r8,r0,r9,r1
  PAIRS_W4 r10,r2,r11,r3
.endm

FUNCTION dynq_m4_columns_w4
  ENTER .Lsteps_w4,120
  vmov ENTRY,r1
  b dynq_m4_tile
  .balign 4
.Lsteps_w4:
  .rept UNROLLED_STEPS
  STEP_W4
  .endr
  vmov r0,SECTION_END
  cmp r12,r0
  bne .Lsteps_w4
  vmov r0,s16
  sub r7,r7,r6
  add r7,r0,r7,asr #12
  vmov r0,CODES_END
  cmp r12,r0
  bne .Lsection_w4
  /* the sums of the lower columns never leave 32 bits: 256 * 15 * 127 * 4096 < 2^31 */
  sub r6,r6,r5
  sub r5,r5,r4
  asr r6,r6,#8
  asr r5,r5,#4
  b dynq_m4_store
.Lsection_w4:
  vmov s16,r7
  mov r7,r6
  add r0,r12,#SECTION_BYTES
  vmov SECTION_END,r0
  b .Lsteps_w4
END_FUNCTION dynq_m4_columns_w4

/* ---- 2 bits: 8 inputs x 4 columns in 18 instructions, 24 cycles. One SMLAD serves two columns and two inputs: a lane is
 * q_a + 2^14 q_b, so a sum is A + 2^14 B, where A is kept within 14 bits by taking it out after every block of at most 40
 * inputs. r4, r6 sums of the low columns | r5, r7 sums of pairs | r8, r9 weights | r10 masked | r11 mask */
.macro COLUMNS_W2 sum weights
  and r10,r11,\weights
  smlad \sum,r10,r0,\sum
  and r10,r11,\weights,ror #4
  smlad \sum,r10,r1,\sum
  and r10,r11,\weights,ror #8
  smlad \sum,r10,r2,\sum
  and r10,r11,\weights,ror #12
  smlad \sum,r10,r3,\sum
.endm
.macro STEP_W2
  ldmia r12!,{r0-r3}
  ldmia lr!,{r8,r9}
  COLUMNS_W2 r5,r8
  COLUMNS_W2 r7,r9
.endm

FUNCTION dynq_m4_columns_w2
  ENTER .Lsteps_w2,72
  vmov STEP,r1
  adr r1,.Lblock_w2
  orr r1,r1,#1
  vmov ENTRY,r1
  movw r11,#0xc003
  movt r11,#0xc003
  b dynq_m4_tile
  .balign 4
.Lblock_w2:
  ldr r1,[r12],#4
  vmov r0,STEP
  bfi r5,r1,#0,#14
  bfi r7,r1,#0,#14
  bx r0
  .balign 4
.Lsteps_w2:
  .rept UNROLLED_STEPS
  STEP_W2
  .endr
  ubfx r0,r5,#0,#14
  ubfx r1,r7,#0,#14
  vmov r2,SECTION_END
  add r4,r4,r0
  add r6,r6,r1
  cmp r12,r2
  bne .Lblock_w2
  vmov r0,r1,s16,s17
  add r5,r0,r5,asr #14
  add r7,r1,r7,asr #14
  NEXT_SECTION
  vmov s16,s17,r5,r7
  movs r5,#0
  movs r7,#0
  ldr r0,[sp,#64]
  ldr r0,[r0,#JOB_SECTION_BYTES]
  add r0,r0,r12
  vmov SECTION_END,r0
  b .Lblock_w2
END_FUNCTION dynq_m4_columns_w2

/* ---- Affine correction, ReLU and range of the tile in r4-r7; then the next tile. */
FUNCTION dynq_m4_store
  vmov r0,COLUMNS
  vldmia r0!,{s16-s31} /* 4 scales, offsets, column sums, biases */
  vmov COLUMNS,r0
  vmul.f32 s24,s24,OFFSET
  vmul.f32 s25,s25,OFFSET
  vmul.f32 s26,s26,OFFSET
  vmul.f32 s27,s27,OFFSET
  vmul.f32 s16,s16,SCALE
  vmul.f32 s17,s17,SCALE
  vmul.f32 s18,s18,SCALE
  vmul.f32 s19,s19,SCALE
  vadd.f32 s24,s24,s28
  vadd.f32 s25,s25,s29
  vadd.f32 s26,s26,s30
  vadd.f32 s27,s27,s31
  vmov s28,s29,r4,r5
  vmov s30,s31,r6,r7
  vcvt.f32.s32 s28,s28
  vcvt.f32.s32 s29,s29
  vcvt.f32.s32 s30,s30
  vcvt.f32.s32 s31,s31
  vmul.f32 s20,s20,PRODUCT
  vmul.f32 s21,s21,PRODUCT
  vmul.f32 s22,s22,PRODUCT
  vmul.f32 s23,s23,PRODUCT
  vmul.f32 s16,s16,s28
  vmul.f32 s17,s17,s29
  vmul.f32 s18,s18,s30
  vmul.f32 s19,s19,s31
  vadd.f32 s16,s16,s20
  vadd.f32 s17,s17,s21
  vadd.f32 s18,s18,s22
  vadd.f32 s19,s19,s23
  vadd.f32 s16,s16,s24
  vadd.f32 s17,s17,s25
  vadd.f32 s18,s18,s26
  vadd.f32 s19,s19,s27
  vmov r4,r5,s16,s17
  vmov r6,r7,s18,s19
  vmov r0,LEFT
  cmp r0,#8
  blo .Lpartial
.Lfull:
  lsls r1,r0,#31
  beq .Lput
  /* ReLU: the sign bit masks the value; non-negative floats order as integers. Once the smallest is 0 it stays so. */
  vmov r2,HIGH
  vmov r3,LOW
  .irp y,r4,r5,r6,r7
  bic \y,\y,\y,asr #31
  cmp r2,\y
  it lt
  movlt r2,\y
  .endr
  vmov HIGH,r2
  cbz r3,.Lput
  .irp y,r4,r5,r6,r7
  cmp r3,\y
  it gt
  movgt r3,\y
  .endr
  vmov LOW,r3
.Lput:
  vmov r1,OUTPUT
  subs r0,r0,#8
  blo .Lput_partial
  stmia r1!,{r4-r7}
  vmov OUTPUT,r1
  vmov LEFT,r0
  cmp r0,#2
  blo .Lleave
  .global dynq_m4_tile
  .type dynq_m4_tile,%function
  .thumb_func
dynq_m4_tile:
  vmov r4,LOW_START
  vmov r12,CODES
  mov r6,r4
  movs r5,#0
  movs r7,#0
  vmov.f32 s16,CORRECTION
  vmov.f32 s17,CORRECTION
  vmov.f32 SECTION_END,SECTION
  vmov r0,ENTRY
  bx r0
.Lpartial: /* padding columns repeat the first: the range must not see them */
  mov r7,r4
  cmp r0,#6
  bhs .Lfull
  mov r6,r4
  cmp r0,#4
  bhs .Lfull
  mov r5,r4
  b .Lfull
.Lput_partial:
  str r4,[r1]
  adds r0,r0,#4
  blt .Lleave
  str r5,[r1,#4]
  cmp r0,#2
  blt .Lleave
  str r6,[r1,#8]
.Lleave:
  ldr r0,[sp,#64]
  vstr HIGH,[r0,#JOB_HIGH]
  vstr LOW,[r0,#JOB_HIGH+4]
  vpop {s16-s31}
  pop {r0,r4-r11,pc}
END_FUNCTION dynq_m4_store

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
.macro SMALLEST x
  cmp \x,r3
  it lt
  movlt r3,\x
.endm
/* Applies `each` to all of x[n]; r1 counts down to 0. */
.macro EVERY each
  push {r4-r7}
1:
  tst r1,#3
  beq 2f
  ldr r4,[r0],#4
  \each r4
  subs r1,r1,#1
  b 1b
2:
  subs r1,r1,#4
  blo 3f
  ldmia r0!,{r4-r7}
  \each r4
  \each r5
  \each r6
  \each r7
  b 2b
3:
  pop {r4-r7}
.endm

FUNCTION dynq_scan
  push {r0,r1}
  mov r3,#0x80000000
  movs r12,#0
  EVERY LARGEST
  pop {r0,r1}
  teq r3,r12
  itt mi /* one non-negative, one negative */
  strdmi r12,r3,[r2]
  bxmi lr
  mov r3,#0x7fffffff
  EVERY SMALLEST
  cmp r12,#0
  ite pl
  strdpl r3,r12,[r2]
  strdmi r12,r3,[r2]
  bx lr
END_FUNCTION dynq_scan

/* ---- Codes: r0 x | r1 codes | r2 steps | r3 frame or, for int8, none, then ones per byte | r4-r7 pairs | r9 ones per lane
 * r12 sum */
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
  beq .Lcodes_s8
  vldr s0,[r3,#4] /* offset */
  vldr s1,[r3,#8] /* inverse */
.Lstep_f32:
  vldmia r0!,{s2-s9}
  .irp x,s2,s3,s4,s5,s6,s7,s8,s9
  vsub.f32 \x,\x,s0
  .endr
  .irp x,s2,s3,s4,s5,s6,s7,s8,s9
  vmul.f32 \x,\x,s1
  .endr
  .irp x,s2,s3,s4,s5,s6,s7,s8,s9
  vcvtr.s32.f32 \x,\x /* rounds as the FPU is set: half to even */
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
.Lcodes_s8:
  mov r3,#0x01010101
.Lstep_s8:
  ldr r5,[r0],#4
  ldr r7,[r0],#4
  qsub8 r5,r5,r3 /* -128 saturates, and so comes back as -127 */
  qsub8 r7,r7,r3
  sadd8 r5,r5,r3
  sadd8 r7,r7,r3
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
#endif
