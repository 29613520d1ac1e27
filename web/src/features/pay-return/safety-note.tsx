import { ShieldIcon } from '@/shared/icons';

export function SafetyNote() {
  return (
    <aside aria-labelledby="safety-note" className="flex gap-4 bg-note px-6 py-5 sm:px-10">
      <ShieldIcon className="mt-0.5 size-5 shrink-0 text-note-ink" />
      <div className="text-sm">
        <h2 id="safety-note" className="font-semibold text-note-ink">
          Beware of impostors
        </h2>
        <p className="mt-1">
          Never send money to people who write first about a payment, whatever they call themselves.
          Everything about this order is in your own chat with the bot.
        </p>
      </div>
    </aside>
  );
}
