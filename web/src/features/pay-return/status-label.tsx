import type { ReactNode } from 'react';
import { AlertIcon, ClockIcon, StopIcon } from '@/shared/icons';
import type { Tone } from './messages';

const looks = {
  waiting: { Icon: ClockIcon, colors: 'bg-waiting text-waiting-ink' },
  stopped: { Icon: StopIcon, colors: 'bg-stopped text-stopped-ink' },
  attention: { Icon: AlertIcon, colors: 'bg-note text-note-ink' },
};

export function StatusLabel({ tone, children }: { tone: Tone; children: ReactNode }) {
  const { Icon, colors } = looks[tone];
  return (
    <p
      className={`inline-flex items-center gap-2 rounded-full py-1 pr-3 pl-2 text-sm font-medium ${colors}`}
    >
      <Icon className="size-4" />
      {children}
    </p>
  );
}
