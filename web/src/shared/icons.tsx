import type { ReactNode } from 'react';

type Props = { className?: string };

function Icon({ className, children }: Props & { children: ReactNode }) {
  return (
    <svg
      aria-hidden="true"
      className={className}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      {children}
    </svg>
  );
}

export function ClockIcon(props: Props) {
  return (
    <Icon {...props}>
      <circle cx="12" cy="12" r="9" />
      <path className="clock-hand" d="M12 7v5l3 2" />
    </Icon>
  );
}

export function StopIcon(props: Props) {
  return (
    <Icon {...props}>
      <circle cx="12" cy="12" r="9" />
      <path d="M8.5 12h7" />
    </Icon>
  );
}

export function AlertIcon(props: Props) {
  return (
    <Icon {...props}>
      <circle cx="12" cy="12" r="9" />
      <path d="M12 7.500v5M12 16.250v.01" />
    </Icon>
  );
}

export function ShieldIcon(props: Props) {
  return (
    <Icon {...props}>
      <path d="M12 3 5 5.500V11c0 4.5 2.9 8 7 10 4.1-2 7-5.5 7-10V5.500L12 3Z" />
      <path d="M12 8.500v4M12 15.750v.01" />
    </Icon>
  );
}

export function PlaneIcon(props: Props) {
  return (
    <Icon {...props}>
      <path d="m21 4-9.5 16-2-7L3 9.5 21 4Z" />
      <path d="m21 4-11.5 9" />
    </Icon>
  );
}
