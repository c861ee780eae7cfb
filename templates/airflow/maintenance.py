

class Run(EverySoManyDays):
    """Runs its statement if there is something to do."""

    template_fields = (*SQLExecuteQueryOperator.template_fields, "condition")

    def __init__(self, *, condition=None, **kwargs):
        super().__init__(**kwargs)
        self.condition = condition

    def work(self, context):
        if self.condition is not None and not self.is_needed():
            self.log.info("nothing to do")
            return None
        return super().work(context)

    def is_needed(self):
        try:
            return bool(self.get_db_hook().get_records(self.condition))
        except Exception as refused:  # Whoever may not look does the work.
            self.log.warning("cannot look whether there is something to do: %s", refused)
            return True
