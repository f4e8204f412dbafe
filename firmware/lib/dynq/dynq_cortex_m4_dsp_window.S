/* Filters, means and sums on cortex_m4_dsp: four channels at a time. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_CORTEX_M4_DSP)
#include "dynq_extreme.inc"
#include "dynq_function.inc"

#define UNIT s0
#define FRAMES s9
#define ENTRY s10
#define OUTPUT s12
#define LEFT s13
#define UNROLLED_FRAMES 3

/* r0-r3 sums of channels 0, 2, 1, 3 | r4-r8 codes, shift, taps | r9 frames | r10 channel | r11 taps | r12 end of the frames |
 * lr parameters. Where codes have a zero, a frame takes two instructions more. All are 4 bytes long. */
.macro LOAD_FRAME zeros
  .if \zeros
  ldmia.w r9!,{r4,r5,r6}
  .else
  ldrd r4,r5,[r9],#12
  .endif
  ldr.w r4,[r4,r10]
  uxtb16 r7,r4
  uxtb16 r8,r4,ror #8
  lsl.w r7,r7,r5
  lsl.w r8,r8,r5
  .if \zeros
  ssub16 r7,r7,r6
  ssub16 r8,r8,r6
  .endif
.endm
.macro FILTER_FRAME zeros
  LOAD_FRAME \zeros
  ldr r6,[r11],#4
  sxtb16 r4,r6
  sxtb16 r6,r6,ror #8
  smlabb r0,r7,r4,r0
  smlabb r2,r8,r6,r2
  smlatt r1,r7,r4,r1
  smlatt r3,r8,r6,r3
.endm
.macro MEAN_FRAME zeros
  LOAD_FRAME \zeros
  sxtah r0,r0,r7
  sxtah r2,r2,r8
  sxtah r1,r1,r7,ror #16
  sxtah r3,r3,r8,ror #16
.endm

/* A function of r0, the job. `bytes` of a frame's instructions; `writeback` where channels have parameters of their own. */
.macro WINDOW name frame zeros bytes writeback
FUNCTION \name
  push {r4-r11,lr}
  vpush {d8}
  ldmia r0!,{r1,r11,r12} /* frames, taps, end */
  ldmia r0!,{r2,r3,r4,r5,r6} /* parameters, output, channels, unit, frames to skip on entry */
  vmov FRAMES,r1
  mov lr,r2
  vmov OUTPUT,LEFT,r3,r4
  vmov UNIT,r5
  movs r4,#\bytes
  adr r5,2f
  mla r4,r4,r6,r5
  orr r4,r4,#1
  vmov ENTRY,r4
  movs r10,#0
1:
  vmov r9,r4,FRAMES,ENTRY
  movs r0,#0
  movs r1,#0
  movs r2,#0
  movs r3,#0
  bx r4
  .balign 4
2:
  .rept UNROLLED_FRAMES
  \frame \zeros
  .endr
  cmp r9,r12
  bne 2b
  vldmia lr\writeback,{s1-s4}
  vmov s14,s15,r0,r2
  vmov s16,s17,r1,r3
  vcvtb.f32.f16 s5,s1
  vcvtb.f32.f16 s6,s2
  vcvtb.f32.f16 s7,s3
  vcvtb.f32.f16 s8,s4
  vcvt.f32.s32 s14,s14
  vcvt.f32.s32 s15,s15
  vcvt.f32.s32 s16,s16
  vcvt.f32.s32 s17,s17
  vmul.f32 s5,s5,UNIT
  vmul.f32 s6,s6,UNIT
  vmul.f32 s7,s7,UNIT
  vmul.f32 s8,s8,UNIT
  vcvtt.f32.f16 s1,s1
  vcvtt.f32.f16 s2,s2
  vcvtt.f32.f16 s3,s3
  vcvtt.f32.f16 s4,s4
  vmul.f32 s14,s14,s5
  vmul.f32 s15,s15,s6
  vmul.f32 s16,s16,s7
  vmul.f32 s17,s17,s8
  vmov r4,r5,OUTPUT,LEFT
  vadd.f32 s14,s14,s1
  vadd.f32 s15,s15,s2
  vadd.f32 s16,s16,s3
  vadd.f32 s17,s17,s4
  subs r5,r5,#4
  blo 3f
  vstmia r4!,{s14-s17}
  add r10,r10,#4
  vmov OUTPUT,LEFT,r4,r5
  bne 1b
  vpop {d8}
  pop {r4-r11,pc}
3:
  adds r5,r5,#4 /* 1..3 */
  vstr s14,[r4]
  cmp r5,#2
  blt 4f
  vstr s15,[r4,#4]
  beq 4f
  vstr s16,[r4,#8]
4:
  vpop {d8}
  pop {r4-r11,pc}
END_FUNCTION \name
.endm

  WINDOW dynq_m4_filter,FILTER_FRAME,0,52,!
  WINDOW dynq_m4_filter_zeros,FILTER_FRAME,1,60,!
  WINDOW dynq_m4_mean,MEAN_FRAME,0,40,
  WINDOW dynq_m4_mean_zeros,MEAN_FRAME,1,48,

/* ---- y = a + b: r0 a | r1 b | r2 y | r3 n | r12 bits of the largest, with ReLU */
.macro ADD name relu
FUNCTION \name
  push {r4-r7}
  movs r12,#0
1:
  subs r3,r3,#4
  blo 3f
2:
  vldmia r0!,{s0-s3}
  vldmia r1!,{s4-s7}
  vadd.f32 s0,s0,s4
  vadd.f32 s1,s1,s5
  vadd.f32 s2,s2,s6
  vadd.f32 s3,s3,s7
  .if \relu
  vmov r4,r5,s0,s1
  vmov r6,r7,s2,s3
  .irp y,r4,r5,r6,r7
  bic \y,\y,\y,asr #31
  .endr
  ANY_BEYOND gt,le,r12
  stmia r2!,{r4-r7}
  .else
  vstmia r2!,{s0-s3}
  .endif
  subs r3,r3,#4
  bhs 2b
3:
  adds r3,r3,#4
  beq 5f
4:
  vldmia r0!,{s0}
  vldmia r1!,{s4}
  vadd.f32 s0,s0,s4
  vmov r4,s0
  .if \relu
  bic r4,r4,r4,asr #31
  cmp r4,r12
  it gt
  movgt r12,r4
  .endif
  str r4,[r2],#4
  subs r3,r3,#1
  bne 4b
5:
  mov r0,r12
  pop {r4-r7}
  bx lr
END_FUNCTION \name
.endm

  ADD dynq_m4_add,0
  ADD dynq_m4_add_relu,1
#endif
